import Glibc
import Host
import Maintenance

/// What the system says of one process.
struct ProcessEntry: Hashable, Sendable {
    let pid: Int32
    let parent: Int32
    let group: Int32
    let session: Int32
    /// Clock ticks after boot.
    let startTime: UInt64
    let state: Character

    /// One that ended and waits to be collected is no longer at work.
    var isAtWork: Bool { state != "Z" && state != "X" }

    /// Reads /proc/PID/stat. The name in parentheses may hold anything, so that the fields count from the last one.
    init?(stat text: String) {
        guard let open = text.firstIndex(of: "("), let end = text.lastIndex(of: ")"),
            let pid = Int32(text[..<open].filter { $0 != " " })
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let parent = Int32(fields[1]),
            let group = Int32(fields[2]), let session = Int32(fields[3]), let startTime = UInt64(fields[19])
        else { return nil }
        self.pid = pid
        self.parent = parent
        self.group = group
        self.session = session
        self.startTime = startTime
        self.state = state
    }
}

/// The processes of this machine, as /proc shows them. Its files can block: off the pool only.
struct ProcessTable: Sendable {
    /// The variable by which a child, and what it starts, is found again.
    static let workVariable = "MILLWRIGHT_WORK"

    let host: Host

    func entry(_ pid: Int32) -> ProcessEntry? {
        text("/proc/\(pid)/stat").flatMap(ProcessEntry.init(stat:))
    }

    func all() -> [ProcessEntry] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var entries: [ProcessEntry] = []
        while let item = readdir(folder) {
            let name = withUnsafeBytes(of: item.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let pid = Int32(name), let entry = entry(pid) { entries.append(entry) }
        }
        return entries
    }

    /// The label of the work that a process belongs to; `nil` where it has none or may not be read.
    func work(of pid: Int32) -> String? {
        guard let bytes = try? host.readFile("/proc/\(pid)/environ", ProgramLimits.processFile) else { return nil }
        let mark = Array("\(Self.workVariable)=".utf8)
        for variable in bytes.split(separator: 0) where variable.starts(with: mark) {
            return String(decoding: variable.dropFirst(mark.count), as: UTF8.self)
        }
        return nil
    }

    var bootID: String? {
        text("/proc/sys/kernel/random/boot_id").map { String($0.prefix { !$0.isWhitespace }) }
    }

    /// This process and those that started it: never to be ended as somebody's child.
    func ownLine() -> Set<Int32> {
        var line: Set<Int32> = []
        var next = entry(getpid())
        while let entry = next, line.insert(entry.pid).inserted { next = self.entry(entry.parent) }
        return line
    }

    private func text(_ path: String) -> String? {
        (try? host.readFile(path, ProgramLimits.processFile)).map { String(decoding: $0, as: UTF8.self) }
    }
}
