import Foundation

/// nginx speaking TLS on a free loopback port: answers by itself, or in front of a server of plain HTTP.
public final class TLSServer: Sendable {
    public let port: Int
    public let supervisor: Supervisor

    private init(port: Int, supervisor: Supervisor) {
        self.port = port
        self.supervisor = supervisor
    }

    /// `upstream` is the port of the plain server behind it; without one every path answers 200 `ok`. `directives` go
    /// into nginx's server block.
    public static func start(
        certificate: IssuedCertificate, upstream: Int? = nil, protocols: String = "TLSv1.2 TLSv1.3",
        directives: String = "", under parent: String? = nil
    ) async throws -> TLSServer {
        let files = try NginxFiles(
            folder: Scratch.makeFolder("nginx", under: parent), port: Scratch.freePort(), upstream: upstream,
            protocols: protocols, directives: directives)
        let supervisor = try Supervisor.own(files.folder, command: files.command)
        try await supervisor.orEnd {
            try files.write(certificate: certificate)
            try supervisor.resume()
            try await supervisor.waitUntil("nginx") { FileManager.default.fileExists(atPath: files.pid) }
        }
        return TLSServer(port: files.port, supervisor: supervisor)
    }

    public func stop() async { await supervisor.end() }

    /// Serves another certificate from now on, without closing the port.
    public func replace(certificate: IssuedCertificate) async throws {
        try NginxFiles.place(certificate, in: supervisor.folder)
        guard let process = supervisor.serverProcess else {
            throw ProgramError(program: "nginx", reason: "it is not running")
        }
        try await NginxFiles.reload(process)
    }

    public func url(_ path: String = "/", host: String = "localhost") -> String { "https://\(host):\(port)\(path)" }
}

/// The files that make an nginx.
struct NginxFiles: Sendable {
    let folder: String
    let port: Int
    let upstream: Int?
    var protocols = "TLSv1.2 TLSv1.3"
    var directives = ""

    var command: [String] { ["nginx", "-e", "stderr", "-p", folder, "-c", folder + "/nginx.conf"] }
    var pid: String { folder + "/pid" }

    func write(certificate: IssuedCertificate) throws {
        try Self.place(certificate, in: folder)
        try configuration.write(toFile: folder + "/nginx.conf", atomically: false, encoding: .utf8)
    }

    static func place(_ certificate: IssuedCertificate, in folder: String) throws {
        for (source, name) in [(certificate.chainPath, "chain.pem"), (certificate.keyPath, "key.pem")] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: source))
            try bytes.write(to: URL(fileURLWithPath: folder + "/" + name), options: .atomic)
        }
    }

    /// Tells nginx to read its files again, and returns when only workers that have read them are left.
    static func reload(_ process: pid_t) async throws {
        let before = workers(of: process)
        kill(process, SIGHUP)
        let replaced = try await eventually {
            let now = workers(of: process)
            return !now.isEmpty && now.isDisjoint(with: before)
        }
        guard replaced else { throw ProgramError(program: "nginx", reason: "it did not take its new files") }
    }

    private static func workers(of process: pid_t) -> Set<pid_t> {
        let path = "/proc/\(process)/task/\(process)/children"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return Set(text.split(separator: " ").compactMap { pid_t($0) }.filter(Supervisor.isAlive))
    }

    private var configuration: String {
        let user = geteuid() == 0 ? "user root;" : ""
        let answer =
            upstream.map { "proxy_pass http://127.0.0.1:\($0); proxy_http_version 1.1; proxy_buffering off;" }
            ?? "default_type text/plain; return 200 'ok';"
        return """
            daemon off;
            \(user)
            worker_processes 1;
            worker_shutdown_timeout 1s;
            pid \(pid);
            error_log stderr warn;
            events { worker_connections 256; }
            http {
                access_log off;
                server_tokens off;
                client_body_temp_path \(folder)/body;
                proxy_temp_path \(folder)/proxy;
                fastcgi_temp_path \(folder)/fastcgi;
                uwsgi_temp_path \(folder)/uwsgi;
                scgi_temp_path \(folder)/scgi;
                server {
                    listen 127.0.0.1:\(port) ssl;
                    ssl_certificate \(folder)/chain.pem;
                    ssl_certificate_key \(folder)/key.pem;
                    ssl_protocols \(protocols);
                    \(directives)
                    location / { \(answer) }
                }
            }

            """
    }
}
