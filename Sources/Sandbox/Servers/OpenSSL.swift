import Foundation

/// `openssl ca` in a folder for each certificate: the only command of OpenSSL 3.0 that takes both ends of the validity.
public enum OpenSSL {
    public struct Request: Sendable {
        public var name: String
        public var validity: Validity
        public var isAuthority: Bool
        public var names: [String]
        public var usages = "serverAuth,clientAuth"
        public var organizations = ["Millwright Sandbox"]
        /// As for `openssl req -newkey`; `ec` is P-256.
        public var key = "ec"
        public var digest = "sha256"
        /// Lines of the section of extensions, instead of those that the kind of certificate has.
        public var extensions: [String]?
        /// Takes the key of another: a cross-sign, a renewal.
        public var keyOf: IssuedCertificate?

        public init(
            name: String, validity: Validity = .days(90), isAuthority: Bool = false, names: [String] = [],
            keyOf: IssuedCertificate? = nil
        ) {
            self.name = name
            self.validity = validity
            self.isAuthority = isAuthority
            self.names = names
            self.keyOf = keyOf
        }
    }

    /// A certificate, good or bad; one without an issuer signs itself. Without `home` it disappears with this process.
    public static func issue(
        _ request: Request, by issuer: IssuedCertificate?, home: String? = nil
    ) async throws -> IssuedCertificate {
        let folder = try home.map(makeFolder(in:)) ?? Scratch.folder()
        let subject = request.organizations.map { "/O=\($0)" }.joined() + "/CN=\(request.name)"
        let issued = IssuedCertificate(
            certificatePath: folder + "/certificate.pem", keyPath: request.keyOf?.keyPath ?? folder + "/key.pem",
            chainPath: folder + "/chain.pem")
        try configuration(request, folder: folder).write(
            toFile: folder + "/openssl.cnf", atomically: false, encoding: .utf8)
        try "".write(toFile: folder + "/index.txt", atomically: false, encoding: .utf8)
        let serial = UUID().uuidString.filter(\.isHexDigit)
        try "7\(serial.dropFirst())\n".write(toFile: folder + "/serial", atomically: false, encoding: .utf8)
        let common = ["-config", folder + "/openssl.cnf"]
        try await Program.run(
            "openssl",
            ["req", "-new", "-out", folder + "/request.pem", "-subj", subject] + keyOptions(request, issued) + common)
        let signer =
            issuer.map { ["-cert", $0.certificatePath, "-keyfile", $0.keyPath] }
            ?? ["-selfsign", "-keyfile", issued.keyPath]
        try await Program.run(
            "openssl",
            [
                "ca", "-batch", "-notext", "-in", folder + "/request.pem", "-out", issued.certificatePath, "-startdate",
                time(request.validity.from), "-enddate", time(request.validity.until),
            ] + common + signer)
        try FileManager.default.copyItem(atPath: issued.certificatePath, toPath: issued.chainPath)
        return issued
    }

    private static func keyOptions(_ request: Request, _ issued: IssuedCertificate) -> [String] {
        if request.keyOf != nil { return ["-key", issued.keyPath] }
        let parts = request.key.split(separator: ":")
        let curve = parts.first == "ec" ? "ec_paramgen_curve:\(parts.dropFirst().first ?? "P-256")" : nil
        return ["-newkey", curve == nil ? request.key : "ec", "-nodes", "-keyout", issued.keyPath]
            + (curve.map { ["-pkeyopt", $0] } ?? [])
    }

    private static func makeFolder(in home: String) throws -> String {
        let path = home + "/" + UUID().uuidString.lowercased()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    private static func configuration(_ request: Request, folder: String) -> String {
        let names = request.names.map { name in
            let isAddress = name.contains(":") || name.allSatisfy { $0.isNumber || $0 == "." }
            return (isAddress ? "IP:" : "DNS:") + name
        }
        let usual =
            request.isAuthority
            ? ["basicConstraints = critical,CA:TRUE", "keyUsage = critical,keyCertSign,cRLSign"]
            : [
                "basicConstraints = CA:FALSE", "keyUsage = critical,digitalSignature",
                "extendedKeyUsage = \(request.usages)",
            ] + (names.isEmpty ? [] : ["subjectAltName = " + names.joined(separator: ",")])
        return """
            [req]
            distinguished_name = subject
            prompt = no
            [subject]
            [ca]
            default_ca = sandbox
            [sandbox]
            database = \(folder)/index.txt
            serial = \(folder)/serial
            new_certs_dir = \(folder)
            default_md = \(request.digest)
            policy = any
            unique_subject = no
            x509_extensions = extensions
            [any]
            organizationName = optional
            commonName = supplied
            [extensions]
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid
            \((request.extensions ?? usual).joined(separator: "\n"))

            """
    }

    /// As openssl reads it: `20261122020000Z`, and after 2049 the same.
    private static func time(_ secondsFromNow: Int) -> String {
        var seconds = time_t(Date().timeIntervalSince1970) + secondsFromNow
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))"
            + "\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))Z"
    }
}
