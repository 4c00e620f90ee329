/// The common name and the organizations in the subject of an X.509 certificate, read from its DER.
enum CertificateSubject {
    static func user(_ certificate: [UInt8]) -> KubernetesUser? {
        // Certificate → TBSCertificate → [version], serial, algorithm, issuer, validity, subject.
        guard let whole = elements(certificate[...]).first,
            let body = elements(whole.content).first
        else { return nil }
        let parts = elements(body.content)
        let first = parts.first?.tag == 0xa0 ? 1 : 0
        guard parts.count > first + 4 else { return nil }
        var name: String?
        var organizations: [String] = []
        for set in elements(parts[first + 4].content) {
            for pair in elements(set.content) {
                let sides = elements(pair.content)
                guard sides.count == 2 else { continue }
                let text = String(decoding: sides[1].content, as: UTF8.self)
                if Array(sides[0].content) == [0x55, 0x04, 0x03] { name = text }
                if Array(sides[0].content) == [0x55, 0x04, 0x0a] { organizations.append(text) }
            }
        }
        return name.map { KubernetesUser($0, groups: organizations) }
    }

    private static func elements(_ bytes: ArraySlice<UInt8>) -> [(tag: UInt8, content: ArraySlice<UInt8>)] {
        var found: [(UInt8, ArraySlice<UInt8>)] = []
        var rest = bytes
        while rest.count >= 2, let tag = rest.popFirst(), let short = rest.popFirst() {
            var length = Int(short)
            if short & 0x80 != 0 {
                length = 0
                for _ in 0..<min(short & 0x7f, 4) { length = length << 8 | Int(rest.popFirst() ?? 0) }
            }
            guard length <= rest.count else { return found }
            found.append((tag, rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return found
    }
}
