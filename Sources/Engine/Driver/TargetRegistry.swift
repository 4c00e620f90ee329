public import Host
public import Maintenance
public import Plans
import Synchronization

/// The targets of one run: each is opened at the first need, shared by the steps, and closed at the end.
public final class TargetRegistry: Sendable {
    private let host: Host
    private let catalogue: Catalogue
    private let targets: [String: RunTarget]
    private let learned = Mutex<[Secret]>([])
    private let opened = Mutex<[String: Result<OpenTarget, CouldNotLook>]>([:])

    public init(_ targets: [String: RunTarget], catalogue: Catalogue, host: Host) {
        self.targets = targets
        self.catalogue = catalogue
        self.host = host
    }

    /// The target of that name; its references are resolved here and nowhere else.
    public func target(_ name: String) throws(CouldNotLook) -> OpenTarget {
        try opened.withLock { opened throws(CouldNotLook) in
            if let known = opened[name] { return try known.get() }
            let result: Result<OpenTarget, CouldNotLook>
            do throws(CouldNotLook) { result = .success(try open(name)) } catch { result = .failure(error) }
            opened[name] = result
            return try result.get()
        }
    }

    /// What a step works on.
    public func targets(of step: RunStep) throws(CouldNotLook) -> StepTargets {
        var opened: [String: OpenTarget] = [:]
        for (role, name) in step.targets { opened[role] = try target(name) }
        return StepTargets(opened)
    }

    /// The identity of a target, where its settings can be read.
    public func identity(_ name: String) -> String? { try? target(name).identity }

    /// What a change of the target works on, where its settings can be read.
    func place(_ name: String) -> String? { (try? target(name))?.place }

    /// Secrets that came to light elsewhere: in the parameters of a step.
    public func learn(_ secrets: [Secret]) {
        guard !secrets.isEmpty else { return }
        learned.withLock { $0 += secrets }
    }

    /// Hides every secret that came to light in this run.
    public var masker: Masker {
        let opened = opened.withLock { $0.values.compactMap { try? $0.get() } }
        return Masker(opened.flatMap(\.secrets) + learned.withLock { $0 })
    }

    public func close() async {
        let all = opened.withLock { opened in
            defer { opened = [:] }
            return opened.values.compactMap { try? $0.get() }
        }
        for target in all { await target.close() }
    }

    private func open(_ name: String) throws(CouldNotLook) -> OpenTarget {
        guard let target = targets[name], let kind = catalogue.kinds[target.kind] else {
            throw CouldNotLook(.notFound, "The plan has no target `\(name)`.")
        }
        let (settings, secrets) = try References.resolve(settings: target.settings, host: host)
        do throws(ValueErrors) {
            return OpenTarget(
                try kind.target(from: settings), settings: kind.spelledOut(settings), secrets: secrets, on: host)
        } catch {
            let mistakes = Masker(secrets).mask(error.errors.map(\.message).joined(separator: "; "))
            throw CouldNotLook(.malformed, "The settings of target `\(name)` are wrong once resolved: \(mistakes).")
        }
    }
}
