import Foundation
import Synchronization

/// An S3 of its own on a free loopback port: `rclone serve s3` over a folder. An object's modification time is its
/// file's, so that objects of any age can be placed.
///
/// Known differences from S3: it ignores `If-None-Match` and `x-amz-checksum-…`, takes any region, and answers a part of
/// an object with 200.
public final class ObjectStoreServer: Sendable {
    public let port: Int
    public let supervisor: Supervisor
    public let accessKey = "SANDBOXKEY"
    public let secretKey = "sandbox-secret-key/+"
    private let isTLS: Bool

    private static let one = Shared { try await start() }

    /// The one of this process: tests take a bucket of their own.
    public static func shared() async throws -> ObjectStoreServer { try await one.value() }

    private init(port: Int, isTLS: Bool, supervisor: Supervisor) {
        self.port = port
        self.isTLS = isTLS
        self.supervisor = supervisor
    }

    /// An own one; `hostNames` makes it take the bucket from the host's name and not from the path.
    public static func start(
        tls certificate: IssuedCertificate? = nil, hostNames: Bool = false, under parent: String? = nil
    ) async throws -> ObjectStoreServer {
        let rclone = try Tools.path("rclone")
        let folder = try Scratch.makeFolder("objects", under: parent)
        try FileManager.default.createDirectory(atPath: folder + "/buckets", withIntermediateDirectories: false)
        let port = try Scratch.freePort()
        var command = [
            rclone, "serve", "s3", "--config", folder + "/rclone.conf", "--cache-dir", folder + "/cache",
            "--addr", "127.0.0.1:\(port)", "--dir-cache-time", "1ms", "--poll-interval", "0", "--log-level", "NOTICE",
            "--auth-key", "SANDBOXKEY,sandbox-secret-key/+",
        ]
        // With a cache of no time at all it cleans it without pause, on all cores.
        if hostNames { command.append("--force-path-style=false") }
        if let certificate { command += ["--cert", certificate.chainPath, "--key", certificate.keyPath] }
        // Without this file rclone looks for one of the person who runs the tests.
        try Data().write(to: URL(fileURLWithPath: folder + "/rclone.conf"))
        let supervisor = try Supervisor.own(folder, command: command + [folder + "/buckets"])
        let server = ObjectStoreServer(port: port, isTLS: certificate != nil, supervisor: supervisor)
        try await supervisor.orEnd { try await server.resume() }
        return server
    }

    public func stop() async { await supervisor.end() }

    /// Ends the process; the objects stay.
    public func interrupt() async throws { try await supervisor.interrupt() }

    public func resume() async throws {
        try supervisor.resume()
        try await supervisor.waitUntil("rclone") {
            guard let descriptor = Loopback.connect(port: self.port) else { return false }
            close(descriptor)
            return true
        }
    }

    public var endpoint: String { "\(isTLS ? "https" : "http")://\(isTLS ? "localhost" : "127.0.0.1"):\(port)" }

    /// Where the bucket's objects lie as files.
    public func folder(of bucket: String) -> String { "\(supervisor.folder)/buckets/\(bucket)" }

    public func makeBucket(_ bucket: String) throws {
        try FileManager.default.createDirectory(atPath: folder(of: bucket), withIntermediateDirectories: true)
    }

    /// Runs `body` with a bucket that no other test has, and deletes it.
    public func withBucket<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let bucket = "test-" + UUID().uuidString.lowercased()
        try makeBucket(bucket)
        defer { try? FileManager.default.removeItem(atPath: folder(of: bucket)) }
        return try await body(bucket)
    }

    /// Places an object as a file that was stored so long ago; a negative age lies in the future.
    public func place(_ bytes: [UInt8], at key: String, in bucket: String, age: Duration = .zero) throws {
        let path = folder(of: bucket) + "/" + key
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        // Whole before it is seen.
        let hidden = "\(supervisor.folder)/\(UUID().uuidString)"
        try Data(bytes).write(to: URL(fileURLWithPath: hidden))
        let modified = Date(timeIntervalSinceNow: -(age / .milliseconds(1)) / 1000)
        try FileManager.default.setAttributes([.modificationDate: modified], ofItemAtPath: hidden)
        guard rename(hidden, path) == 0 else {
            throw ProgramError(program: "rename", reason: String(cString: strerror(errno)))
        }
    }

    /// The bytes of an object as they lie on the disk; `nil` where there is none.
    public func bytes(of key: String, in bucket: String) -> [UInt8]? {
        FileManager.default.contents(atPath: folder(of: bucket) + "/" + key).map { Array($0) }
    }

    /// A target of the kind `s3`, as a plan writes it.
    public func settings(bucket: String, prefix: String = "", port: Int? = nil) -> [String: String] {
        var settings = [
            "bucket": bucket, "endpoint": port.map { "http://127.0.0.1:\($0)" } ?? endpoint, "access-key": accessKey,
            "secret-key": secretKey, "region": "us-east-1",
        ]
        if !prefix.isEmpty { settings["prefix"] = prefix }
        return settings
    }
}

/// Programs that `script/install-tools` puts into the project's folder.
enum Tools {
    /// In `.tools/bin` of the working directory or of one above it, else where programs are.
    static func path(_ program: String) throws -> String {
        var folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath).standardized
        var candidates: [String] = []
        while true {
            candidates.append(folder.appendingPathComponent(".tools/bin/\(program)").path)
            guard folder.path != "/" else { break }
            folder.deleteLastPathComponent()
        }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        candidates += path.split(separator: ":").map { "\($0)/\(program)" }
        guard let found = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw ProgramError(
                program: program,
                reason: "it is neither in .tools/bin of the project nor in PATH; run script/install-tools")
        }
        return found
    }
}
