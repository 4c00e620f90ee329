import Foundation

/// `openssl ca` in a folder for each certificate: the only command of OpenSSL 3.0 that takes both ends of the validity.
enum OpenSSL {
    struct Request: Sendable {
        var name: String
        var isAuthority: Bool
        var validity: Validity
        var names: [String] = []
        var usages = "serverAuth,clientAuth"
        var organizations = ["Millwright Sandbox"]
    }

    static func issue(_ request: Request, by issuer: IssuedCertificate?, home: String?) async throws
        -> IssuedCertificate
    {
        let folder = try home.map(makeFolder(in:)) ?? Scratch.folder()
        let subject = request.organizations.map { "/O=\($0)" }.joined() + "/CN=\(request.name)"
        let issued = IssuedCertificate(
            certificatePath: folder + "/certificate.pem", keyPath: folder + "/key.pem", chainPath: folder + "/chain.pem"
        )
        try configuration(request, folder: folder).write(
            toFile: folder + "/openssl.cnf", atomically: false, encoding: .utf8)
        try "".write(toFile: folder + "/index.txt", atomically: false, encoding: .utf8)
        let serial = UUID().uuidString.filter(\.isHexDigit)
        try "7\(serial.dropFirst())\n".write(toFile: folder + "/serial", atomically: false, encoding: .utf8)
        try await Program.run(
            "openssl",
            [
                "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                issued.keyPath, "-out", folder + "/request.pem", "-config", folder + "/openssl.cnf", "-subj",
                subject,
            ])
        let signer =
            issuer.map { ["-cert", $0.certificatePath, "-keyfile", $0.keyPath] }
            ?? ["-selfsign", "-keyfile", issued.keyPath]
        try await Program.run(
            "openssl",
            [
                "ca", "-batch", "-notext", "-config", folder + "/openssl.cnf", "-in",
                folder + "/request.pem", "-out", issued.certificatePath, "-startdate", time(request.validity.from),
                "-enddate", time(request.validity.until),
            ] + signer)
        try FileManager.default.copyItem(atPath: issued.certificatePath, toPath: issued.chainPath)
        return issued
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
        let extensions =
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
            default_md = sha256
            policy = any
            unique_subject = no
            x509_extensions = extensions
            [any]
            organizationName = optional
            commonName = supplied
            [extensions]
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid
            \(extensions.joined(separator: "\n"))

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
