import Foundation
import Synchronization

/// Folders for servers and files, reachable by other users (PostgreSQL's), and a free port.
public enum Scratch {
    /// A new folder that every user may enter; whoever makes it deletes it.
    public static func makeFolder(_ name: String, under parent: String? = nil) throws -> String {
        var template = Array("\(parent ?? temporary)/millwright-\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ProgramError(program: "mkdtemp", reason: String(cString: strerror(errno)))
        }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o755)
        return path
    }

    /// A new folder that disappears with this process.
    public static func folder() throws -> String {
        let parent = try keeper.withLock { kept in
            if let kept { return kept.folder }
            let made = try Supervisor.own(makeFolder("scratch"))
            kept = made
            return made.folder
        }
        let path = parent + "/" + UUID().uuidString.lowercased()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        return path
    }

    /// The folder above those of `folder()`, once there is one.
    static var kept: String? { keeper.withLock { $0?.folder } }

    /// A TCP port of the loopback that is free now, and no other's of this process. Below those that Linux gives to whoever
    /// connects (32768 on), which would take one between this and its server's start; so is the one ten thousand above,
    /// which a Redis of a cluster takes besides.
    public static func freePort() throws -> Int {
        for _ in 0..<ports.count {
            let port = nextPort.withLock { next in
                next = next + 1 < ports.upperBound ? next + 1 : ports.lowerBound
                return next
            }
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
            if (try? Loopback.bind(descriptor, port: port)) != nil { return port }
        }
        throw ProgramError(program: "bind", reason: "no port of 127.0.0.1 is free")
    }

    private static let ports = 11_000..<21_000
    /// Processes that test beside each other begin far from each other.
    private static let nextPort = Mutex(ports.lowerBound + Int(getpid()) * 397 % ports.count)

    private static let temporary = access("/tmp", W_OK) == 0 ? "/tmp" : "/var/tmp"
    private static let keeper = Mutex<Supervisor?>(nil)
}

/// One value for the whole process, made by whoever asks first.
actor Shared<Value: Sendable> {
    private var making: Task<Value, any Error>?
    private let make: @Sendable () async throws -> Value

    init(_ make: @escaping @Sendable () async throws -> Value) {
        self.make = make
    }

    func value() async throws -> Value {
        let task = making ?? Task { try await make() }
        making = task
        return try await task.value
    }
}
