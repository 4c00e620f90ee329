import Foundation
import Sandbox

/// `openssl s_server` on a free port of the loopback: it serves what no other server would.
struct CertificateServer {
    let port: Int
    private let supervisor: Supervisor

    static func serving(
        _ leaf: IssuedCertificate, with chain: [IssuedCertificate] = [], options: [String] = []
    ) async throws -> CertificateServer {
        let port = try Scratch.freePort()
        var command = [
            "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert", leaf.certificatePath, "-key", leaf.keyPath,
            "-www", "-no_dhe", "-cipher", "ALL:@SECLEVEL=0",
        ]
        if !chain.isEmpty { command += ["-cert_chain", try bundle(chain)] }
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

/// A file with these certificates.
func bundle(_ certificates: [IssuedCertificate]) throws -> String {
    let path = try Scratch.folder() + "/bundle.pem"
    try certificates.map { try String(contentsOfFile: $0.certificatePath, encoding: .utf8) }.joined().write(
        toFile: path, atomically: false, encoding: .utf8)
    return path
}
