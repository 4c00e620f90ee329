import FoundationEssentials
import Glibc
public import Host
public import Maintenance
public import Plans

/// The plans of a folder, read again when their files change. A file that has become wrong leaves the plan that it was.
public struct PlanFolder: Sendable {
    private let folder: String
    private let host: Host
    private let catalogue: Catalogue
    private var known: [String: Known] = [:]
    /// The estate, and the calendars beside it: what all plans share.
    private var shared: [String: Watched] = [:]
    private var isFirst = true

    /// What of a file tells whether it changed, without reading it.
    private struct Mark: Hashable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let changed: Int64
    }

    /// A file that is being written or replaced is left alone until two looks in a row found it alike.
    private struct Watched {
        var taken: Mark?
        var last: Mark?

        mutating func isNew(_ mark: Mark?, atOnce: Bool) -> Bool {
            defer { last = mark }
            guard mark != taken, atOnce || mark == last else { return false }
            taken = mark
            return true
        }
    }

    private struct Known {
        var watched = Watched()
        /// What the file says; `nil` where that cannot be used.
        var said: Plan?
        /// The plan in force.
        var plan: Plan?
        var problem: String?
    }

    /// What a look found.
    public struct Changes: Sendable {
        /// Plans that were read anew.
        public var changed: [Plan] = []
        /// Plans whose service is in no file any more.
        public var removed: [Plan] = []
        /// Files that cannot be used, with what is wrong; each is told once.
        public var problems: [String] = []

        public var isEmpty: Bool { changed.isEmpty && removed.isEmpty && problems.isEmpty }
    }

    public init(_ folder: String, host: Host, catalogue: Catalogue) {
        self.folder = folder
        self.host = host
        self.catalogue = catalogue
    }

    /// Files whose present content is not in force.
    public var problems: [String] { known.values.compactMap(\.problem).sorted() }

    /// Looks at every file's mark, and reads those that changed; all of them where what they share did.
    public mutating func look() throws(FileError) -> Changes {
        let (files, shared) = try files()
        defer { isFirst = false }
        var isSharedNew = false
        for name in Set(shared.keys).union(self.shared.keys) {
            let isNew = self.shared[name, default: Watched()].isNew(shared[name], atOnce: isFirst)
            isSharedNew = isSharedNew || isNew
        }
        var new: [String] = []
        for name in Set(files.keys).union(known.keys) {
            let isNew = known[name, default: Known()].watched.isNew(files[name], atOnce: isFirst)
            if isNew || (isSharedNew && known[name]?.watched.taken != nil) { new.append(name) }
        }
        return new.isEmpty ? Changes() : take(new.sorted())
    }

    private mutating func take(_ new: [String]) -> Changes {
        let before = known
        for name in new {
            if known[name]?.watched.taken == nil { known[name] = nil } else { read(name) }
        }
        settle()
        var changes = Changes()
        let now = Dictionary(known.compactMap { name, one in one.plan.map { ($0.service, name) } }) { first, _ in first
        }
        for (_, one) in before.sorted(by: { $0.key < $1.key }) {
            if let plan = one.plan, now[plan.service] == nil { changes.removed.append(plan) }
        }
        for (service, name) in now.sorted(by: { $0.value < $1.value })
        where new.contains(name) || before[name]?.plan?.service != service {
            if let plan = known[name]?.said { changes.changed.append(plan) }
        }
        for (name, one) in known.sorted(by: { $0.key < $1.key }) {
            if let problem = one.problem, problem != before[name]?.problem { changes.problems.append(problem) }
        }
        return changes
    }

    private mutating func read(_ name: String) {
        do throws(PlanErrors) {
            known[name]?.said = try PlanLoader.load(path: "\(folder)/\(name)", host: host, catalogue: catalogue)
        } catch {
            let kept = known[name]?.plan == nil ? "It is not in force." : "The plan from before stays in force."
            known[name]?.said = nil
            known[name]?.problem = "\(error.description)\n\(name) cannot be used. \(kept)"
        }
    }

    /// What each file says comes into force; of two about one service, which would fight over its procedures, only the
    /// one that is so already, else the first by its name.
    private mutating func settle() {
        var claims: [String: [String]] = [:]
        for (name, one) in known {
            if let plan = one.said ?? one.plan { claims[plan.service, default: []].append(name) }
        }
        for (service, names) in claims {
            guard let owner = names.first(where: { known[$0]?.plan?.service == service }) ?? names.min() else {
                continue
            }
            for name in names {
                guard let said = known[name]?.said else { continue }
                if name == owner {
                    known[name]?.plan = said
                    known[name]?.problem = nil
                } else {
                    if let old = known[name]?.plan, claims[old.service] != nil { known[name]?.plan = nil }
                    known[name]?.problem =
                        "\(name): the service `\(service)` has its plan in \(owner) already. \(name) is not in force."
                }
            }
        }
    }

    private func files() throws(FileError) -> (plans: [String: Mark], shared: [String: Mark]) {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw FileError(path: folder, reason: "it is no folder that can be read")
        }
        var plans: [String: Mark] = [:]
        var shared: [String: Mark] = [:]
        for name in names where !name.hasPrefix(".") {
            let isShared = name == PlanLoader.estateName || name.hasSuffix(".ics")
            guard isShared || name.hasSuffix(".yaml") || name.hasSuffix(".yml"),
                let mark = Self.mark("\(folder)/\(name)")
            else { continue }
            if isShared { shared[name] = mark } else { plans[name] = mark }
            if plans.count > ServingLimits.plans {
                throw FileError(path: folder, reason: "it has more than \(ServingLimits.plans) plans")
            }
        }
        return (plans, shared)
    }

    private static func mark(_ path: String) -> Mark? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        // Not the time of its content: that can be set back, and says nothing of rights that were given meanwhile.
        let changed = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
        return Mark(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size), changed: changed)
    }
}
