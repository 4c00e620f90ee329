import FoundationEssentials
public import Host
public import Maintenance
import Plans

/// The plans of a folder, read again when their files change. A file that has become wrong leaves the plan that it was.
public struct PlanFolder: Sendable {
    private let folder: String
    private let host: Host
    private let catalogue: Catalogue
    private var known: [String: Known] = [:]
    /// The estate, and the calendars beside it: what all plans share.
    private var shared: [String: Watched] = [:]
    private var isFirst = true
    private let compiled: CompiledPlans?
    private let zones: ZoneShelf
    /// What the file of compiled plans holds, by the names of the plans' files.
    private var kept: [String: CompiledPlans.Entry] = [:]
    private var isKeptNew = false

    /// A file that is being written or replaced is left alone until two looks in a row found it alike.
    private struct Watched {
        var taken: FileMark?
        var last: FileMark?

        mutating func isNew(_ mark: FileMark?, atOnce: Bool) -> Bool {
            defer { last = mark }
            guard mark != taken, atOnce || mark == last else { return false }
            taken = mark
            return true
        }
    }

    private struct Known {
        var watched = Watched()
        /// What the file says; `nil` where that cannot be used.
        var said: ServedPlan?
        /// The plan in force.
        var plan: ServedPlan?
        var problem: String?
    }

    /// What a look found.
    public struct Changes: Sendable {
        /// Plans that were read anew.
        public var changed: [ServedPlan] = []
        /// Plans whose service is in no file any more.
        public var removed: [ServedPlan] = []
        /// Files that cannot be used, with what is wrong; each is told once.
        public var problems: [String] = []

        public var isEmpty: Bool { changed.isEmpty && removed.isEmpty && problems.isEmpty }
    }

    /// - Parameter compiled: The file that keeps what the plans came to, for the next start.
    public init(_ folder: String, host: Host, catalogue: Catalogue, compiled: String? = nil) {
        self.folder = folder
        self.host = host
        self.catalogue = catalogue
        self.compiled = compiled.map { CompiledPlans(path: $0, folder: folder, host: host, catalogue: catalogue) }
        zones = ZoneShelf(host: host)
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
        let reading = PlanReading(host: host, catalogue: catalogue)
        if isFirst { kept = compiled?.read() ?? [:] }
        for name in new {
            if known[name]?.watched.taken == nil { known[name] = nil } else { read(name, reading) }
        }
        for name in kept.keys where known[name] == nil { keep(nil, of: name) }
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

    /// Keeps what was read anew for the next start: for whoever has the journal alone, and with it the file.
    mutating func keepCompiled() {
        if isKeptNew { compiled?.write(kept) }
        isKeptNew = false
    }

    private mutating func read(_ name: String, _ reading: PlanReading) {
        guard let mark = known[name]?.watched.taken else { return }
        if isFirst, let entry = kept[name], entry.mark == mark {
            known[name]?.said = entry.plan
            return
        }
        keep(nil, of: name)
        do throws(PlanErrors) {
            let plan = try reading.read("\(folder)/\(name)")
            known[name]?.said = plan
            let entry = CompiledPlans.Entry(mark: mark, plan: plan)
            if compiled?.canKeep(entry, zones) == true { keep(entry, of: name) }
        } catch {
            let stays = known[name]?.plan == nil ? "It is not in force." : "The plan from before stays in force."
            known[name]?.said = nil
            known[name]?.problem = "\(error.description)\n\(name) cannot be used. \(stays)"
        }
    }

    private mutating func keep(_ entry: CompiledPlans.Entry?, of name: String) {
        isKeptNew = isKeptNew || entry != nil || kept[name] != nil
        kept[name] = entry
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

    private func files() throws(FileError) -> (plans: [String: FileMark], shared: [String: FileMark]) {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw FileError(path: folder, reason: "it is no folder that can be read")
        }
        var plans: [String: FileMark] = [:]
        var shared: [String: FileMark] = [:]
        for name in names where !name.hasPrefix(".") {
            let isShared = name == PlanLoader.estateName || name.hasSuffix(".ics")
            guard isShared || name.hasSuffix(".yaml") || name.hasSuffix(".yml"),
                let mark = FileMark("\(folder)/\(name)")
            else { continue }
            if isShared { shared[name] = mark } else { plans[name] = mark }
            if plans.count > ServingLimits.plans {
                throw FileError(path: folder, reason: "it has more than \(ServingLimits.plans) plans")
            }
        }
        return (plans, shared)
    }
}
