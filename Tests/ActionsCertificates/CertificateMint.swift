import Foundation
import Sandbox

/// Makes any certificate that the openssl program can make, good or bad.
struct CertificateMint {
    /// A certificate, its key, and its text.
    struct Coin {
        let certificate: String
        let key: String
        let pem: String
    }

    struct Order {
        var name: String
        var validity = Validity.days(90)
        /// As for `openssl req -newkey`: `ec` is P-256.
        var key = "ec"
        var digest = "sha256"
        var isAuthority = false
        var names: [String] = []
        /// Lines of the extensions section that replace those that the kind of certificate has.
        var extensions: [String]?
        /// Takes the key of another: a cross-sign, a renewal.
        var sameKeyAs: Coin?
    }

    let folder: String

    init() throws { folder = try Scratch.folder() }

    func issue(_ order: Order, by issuer: Coin?) async throws -> Coin {
        let place = folder + "/" + UUID().uuidString.lowercased()
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
        try configuration(order, place).write(toFile: place + "/openssl.cnf", atomically: false, encoding: .utf8)
        try "".write(toFile: place + "/index.txt", atomically: false, encoding: .utf8)
        try "7\(UUID().uuidString.filter(\.isHexDigit).dropFirst())\n".write(
            toFile: place + "/serial", atomically: false, encoding: .utf8)
        let key = order.sameKeyAs?.key ?? place + "/key.pem"
        let newKey: [String]
        if order.sameKeyAs != nil {
            newKey = ["-key", key]
        } else if order.key == "ec" || order.key.hasPrefix("ec:") {
            let curve = order.key.split(separator: ":").dropFirst().first.map(String.init) ?? "P-256"
            newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:\(curve)", "-nodes", "-keyout", key]
        } else {
            newKey = ["-newkey", order.key, "-nodes", "-keyout", key]
        }
        let common = ["-config", place + "/openssl.cnf"]
        try await Program.run(
            "openssl",
            ["req", "-new", "-out", place + "/request.pem", "-subj", "/O=Mint/CN=\(order.name)"] + newKey + common)
        let signer =
            issuer.map { ["-cert", $0.certificate, "-keyfile", $0.key] } ?? ["-selfsign", "-keyfile", key]
        try await Program.run(
            "openssl",
            ["ca", "-batch", "-notext", "-in", place + "/request.pem", "-out", place + "/certificate.pem"] + common
                + ["-startdate", Self.time(order.validity.from), "-enddate", Self.time(order.validity.until)] + signer)
        let pem = try String(contentsOfFile: place + "/certificate.pem", encoding: .utf8)
        return Coin(certificate: place + "/certificate.pem", key: key, pem: pem)
    }

    /// A file with these certificates.
    func bundle(_ coins: [Coin]) throws -> String {
        let path = folder + "/" + UUID().uuidString + ".pem"
        try coins.map(\.pem).joined().write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    private func configuration(_ order: Order, _ place: String) -> String {
        let names = order.names.map { name in
            (name.contains(":") || name.allSatisfy { $0.isNumber || $0 == "." } ? "IP:" : "DNS:") + name
        }
        let usual =
            order.isAuthority
            ? ["basicConstraints = critical,CA:TRUE", "keyUsage = critical,keyCertSign,cRLSign"]
            : ["basicConstraints = CA:FALSE", "extendedKeyUsage = serverAuth"]
                + (names.isEmpty ? [] : ["subjectAltName = " + names.joined(separator: ",")])
        return """
            [req]
            distinguished_name = subject
            prompt = no
            [subject]
            [ca]
            default_ca = mint
            [mint]
            database = \(place)/index.txt
            serial = \(place)/serial
            new_certs_dir = \(place)
            default_md = \(order.digest)
            policy = any
            unique_subject = no
            x509_extensions = extensions
            [any]
            organizationName = optional
            commonName = supplied
            [extensions]
            subjectKeyIdentifier = hash
            \((order.extensions ?? usual).joined(separator: "\n"))

            """
    }

    private static func time(_ secondsFromNow: Int) -> String {
        var seconds = time_t(Date().timeIntervalSince1970) + secondsFromNow
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))"
            + "\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))Z"
    }
}

/// `openssl s_server` on a free port of the loopback: it serves what no other server would.
struct CertificateServer {
    let port: Int
    private let supervisor: Supervisor

    static func serving(
        _ leaf: CertificateMint.Coin, with chain: [CertificateMint.Coin] = [], mint: CertificateMint,
        options: [String] = []
    ) async throws -> CertificateServer {
        let port = try Scratch.freePort()
        var command = [
            "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert", leaf.certificate, "-key", leaf.key, "-www",
            "-no_dhe", "-cipher", "ALL:@SECLEVEL=0",
        ]
        if !chain.isEmpty { command += ["-cert_chain", try mint.bundle(chain)] }
        let supervisor = try Supervisor.own(
            try Scratch.makeFolder("s-server"), command: command + options, endSignal: "KILL")
        try supervisor.resume()
        try await supervisor.waitUntil("s_server") {
            let log = try? String(contentsOfFile: supervisor.folder + "/log", encoding: .utf8)
            return log?.contains("ACCEPT") == true
        }
        return CertificateServer(port: port, supervisor: supervisor)
    }

    func stop() async { await supervisor.end() }
}
