import Foundation

/// What stands in `state.json` of a sandbox that runs in the background: how to reach it, and what to look for when it
/// is gone.
public struct SandboxState: Codable, Sendable, Equatable {
    /// The process that holds everything, and the moment of its start, so that another process with its number is
    /// not taken for it.
    public var process: Int32
    public var processStart: String
    public var isReady = false
    /// Where it takes orders, and the word that proves who gives them.
    public var port = 0
    public var token = ""
    /// Gone when it has ended.
    public var folders: [String] = []
    /// What runs where, for a person.
    public var lines: [String] = []

    /// Of this process.
    public static func own() -> SandboxState {
        SandboxState(process: getpid(), processStart: Self.start(of: getpid()) ?? "")
    }

    public init(process: Int32, processStart: String) {
        self.process = process
        self.processStart = processStart
    }

    public static func read(in folder: String) -> SandboxState? {
        guard let data = FileManager.default.contents(atPath: file(in: folder)) else { return nil }
        return try? JSONDecoder().decode(SandboxState.self, from: data)
    }

    public func write(in folder: String) throws {
        let data = try JSONEncoder().encode(self)
        try PrivateFile.write([UInt8](data), to: Self.file(in: folder))
    }

    public var isAlive: Bool { Supervisor.isAlive(process) && Self.start(of: process) == processStart }

    static func file(in folder: String) -> String { folder + "/state.json" }

    /// The files of a sandbox, and its folder when nothing else is in it.
    public static func remove(in folder: String) {
        for name in ["state.json", "env", "ca.pem", "log"] { unlink(folder + "/" + name) }
        rmdir(folder)
    }

    /// The 22nd field of /proc/PID/stat, counted behind the name, which may hold spaces.
    private static func start(of process: Int32) -> String? {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[name...].split(separator: " ")
        return fields.count > 20 ? String(fields[20]) : nil
    }
}

/// Files that only their owner may read, written whole or not at all.
public enum PrivateFile {
    public static func write(_ bytes: [UInt8], to path: String) throws {
        let draft = path + ".new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ProgramError(program: draft, reason: String(cString: strerror(errno)))
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(bytes))
        try file.close()
        guard rename(draft, path) == 0 else {
            throw ProgramError(program: path, reason: String(cString: strerror(errno)))
        }
    }
}
