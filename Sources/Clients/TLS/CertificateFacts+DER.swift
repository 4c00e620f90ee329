import Host
import SwiftASN1

/// Reads the facts straight from the encoding: also of certificates whose keys are too weak for the verifier to take.
extension CertificateFacts {
    /// nil where it is no certificate that makes sense.
    init?(encoded bytes: [UInt8]) {
        guard bytes.count <= TLSLimits.certificateBytes, let root = try? DER.parse(bytes),
            let parts = root.children, parts.count == 3, var fields = parts[0].children?[...]
        else { return nil }
        if fields.first?.identifier.tagClass == .contextSpecific { fields = fields.dropFirst() }
        guard fields.count >= 6 else { return nil }
        let body = Array(fields)
        guard let serial = body[0].bytes, let validity = body[3].children, validity.count == 2,
            let notBefore = DERText.instant(validity[0]), let notAfter = DERText.instant(validity[1]),
            let key = CertificateKey(body[5]), let signature = SignatureKind(parts[1]),
            let subject = DERText.name(body[4]), let issuer = DERText.name(body[2])
        else { return nil }
        let extensions = CertificateExtensions(body.dropFirst(6))
        self.init(
            subject: subject, issuer: issuer, serial: DERText.serial(serial), notBefore: notBefore, notAfter: notAfter,
            key: key, signature: signature, names: extensions.names, isAuthority: extensions.isAuthority,
            mayServe: extensions.mayServe, subjectBytes: Array(body[4].encodedBytes),
            issuerBytes: Array(body[2].encodedBytes), encoded: bytes)
    }
}

extension ASN1Node {
    /// What is in it, where it is made of others.
    var children: [ASN1Node]? {
        guard case .constructed(let nodes) = content else { return nil }
        return Array(nodes)
    }

    /// Its bytes, where it is a plain value.
    var bytes: ArraySlice<UInt8>? {
        guard case .primitive(let bytes) = content else { return nil }
        return bytes
    }

    var identifierText: String? {
        (try? ASN1ObjectIdentifier(derEncoded: self)).map { $0.oidComponents.map(String.init).joined(separator: ".") }
    }
}

/// The extensions that are judged.
private struct CertificateExtensions {
    var names: [String] = []
    var isAuthority = false
    var mayServe = true

    init(_ rest: ArraySlice<ASN1Node>) {
        let wrapper = rest.first { $0.identifier.tagClass == .contextSpecific && $0.identifier.tagNumber == 3 }
        guard let list = wrapper?.children?.first?.children else { return }
        for item in list {
            guard let parts = item.children, let identifier = parts.first?.identifierText,
                let value = parts.last?.bytes,
                let node = try? DER.parse(value)
            else { continue }
            switch identifier {
            case "2.5.29.17": names = (node.children ?? []).prefix(TLSLimits.names).compactMap(DERText.alternativeName)
            case "2.5.29.19": isAuthority = node.children?.first?.bytes?.first == 0xff
            case "2.5.29.37":
                let usages = (node.children ?? []).compactMap(\.identifierText)
                // serverAuth, or any.
                mayServe = usages.contains("1.3.6.1.5.5.7.3.1") || usages.contains("2.5.29.37.0")
            default: break
            }
        }
    }
}

extension CertificateKey {
    /// From a SubjectPublicKeyInfo.
    fileprivate init?(_ node: ASN1Node) {
        guard let parts = node.children, parts.count == 2, let algorithm = parts[0].children,
            let identifier = algorithm.first?.identifierText
        else { return nil }
        switch identifier {
        case "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10":
            guard let bits = parts[1].bytes?.dropFirst(), let inner = try? DER.parse(bits),
                let modulus = inner.children?.first?.bytes?.drop(while: { $0 == 0 }), let first = modulus.first
            else { return nil }
            self = .rsa(bits: modulus.count * 8 - first.leadingZeroBitCount)
        case "1.2.840.10045.2.1":
            let curve = algorithm.count > 1 ? algorithm[1].identifierText ?? "" : ""
            let (name, bits) = Self.curves[curve] ?? ("curve \(curve)", 256)
            self = .elliptic(curve: name, bits: bits)
        case "1.3.101.112": self = .edwards("Ed25519")
        case "1.3.101.113": self = .edwards("Ed448")
        default: self = .other(identifier)
        }
    }

    private static let curves: [String: (String, Int)] = [
        "1.2.840.10045.3.1.1": ("P-192", 192), "1.3.132.0.33": ("P-224", 224), "1.2.840.10045.3.1.7": ("P-256", 256),
        "1.3.132.0.34": ("P-384", 384), "1.3.132.0.35": ("P-521", 521), "1.3.132.0.10": ("secp256k1", 256),
    ]
}

extension SignatureKind {
    /// From an AlgorithmIdentifier.
    fileprivate init?(_ node: ASN1Node) {
        guard let identifier = node.children?.first?.identifierText else { return nil }
        let (name, isWeak) = Self.known[identifier] ?? (identifier, false)
        self.init(description: name, isWeak: isWeak)
    }

    private static let known: [String: (String, Bool)] = [
        "1.2.840.113549.1.1.2": ("MD2 with RSA", true), "1.2.840.113549.1.1.4": ("MD5 with RSA", true),
        "1.2.840.113549.1.1.5": ("SHA-1 with RSA", true), "1.3.14.3.2.29": ("SHA-1 with RSA", true),
        "1.2.840.10045.4.1": ("SHA-1 with ECDSA", true), "1.2.840.10040.4.3": ("SHA-1 with DSA", true),
        "1.2.840.113549.1.1.10": ("RSA-PSS", false), "1.2.840.113549.1.1.11": ("SHA-256 with RSA", false),
        "1.2.840.113549.1.1.12": ("SHA-384 with RSA", false), "1.2.840.113549.1.1.13": ("SHA-512 with RSA", false),
        "1.2.840.10045.4.3.2": ("SHA-256 with ECDSA", false), "1.2.840.10045.4.3.3": ("SHA-384 with ECDSA", false),
        "1.2.840.10045.4.3.4": ("SHA-512 with ECDSA", false), "1.3.101.112": ("Ed25519", false),
        "1.3.101.113": ("Ed448", false),
    ]
}
