import ArgumentParser
import Engine
import Host
import Maintenance
import Plans
import Proposals

/// Looks at targets, and collects how the actions would be used on them.
struct Discovery {
    let composition: Composition
    let ca: String?
    private(set) var plan = PlanProposal(service: "")
    private(set) var serviceName = "service"

    /// Time for one action to look at one target.
    private static let patience: Duration = .seconds(30)
    private static let targetNames = [
        "postgresql": "db", "redis": "cache", "http": "api", "kubernetes": "cluster", "s3": "bucket",
    ]

    init(composition: Composition, ca: String?) {
        self.composition = composition
        self.ca = ca
    }

    mutating func look(at place: String) async throws {
        if place.hasPrefix("crontab:") { return readCrontab(String(place.dropFirst(8))) }
        let resolved: String
        do throws(CouldNotLook) {
            let (value, _) = try References.resolve(.text(place), host: composition.host)
            guard case .text(let text) = value else { return }
            resolved = text
        } catch { throw ValidationError(error.cause.sentence) }
        let kinds = composition.catalogue.kinds(for: resolved)
        guard !kinds.isEmpty else {
            throw ValidationError("`\(resolved.prefix { $0 != ":" })` is no kind of place that `init` knows.")
        }
        // Declared once: the certificate of an https endpoint is looked at through its `http` target.
        let declared = kinds.first { $0.name != "tls" } ?? kinds[0]
        let name = declared.name == "host" ? nil : declare(declared, place, resolved)
        for kind in kinds { try await propose(kind, resolved, name) }
    }

    /// What the plan says of the target: never a secret that stood in the place.
    private mutating func declare(_ kind: TargetKindDefinition, _ place: String, _ resolved: String) -> String {
        let usual = Self.targetNames[kind.name] ?? kind.name
        let count = plan.targets.count { $0.kind == kind.name }
        let name = count == 0 ? usual : "\(usual)-\(count + 1)"
        var written = place
        if place == resolved, hasSecret(kind, resolved) {
            let variable = "\(name.uppercased().replacing("-", with: "_"))_URL"
            written = "${env:\(variable)}"
            plan.notes.append(
                "The URL of `\(name)` may hold a secret: set \(variable) to it before each use of this plan.")
        }
        var settings = [PlanValue.Entry(kind.shorthand, .text(written))]
        if let ca, takesCA(kind) { settings.append(.init("ca", .text(ca))) }
        plan.targets.append(
            PlanProposal.Target(
                name: name, kind: kind.name, settings: settings.count == 1 ? settings[0].value : .map(settings)))
        if plan.targets.count == 1, let target = try? kind.target(from: .map(readable(kind, resolved))) {
            serviceName = Self.name(from: target.identity)
        }
        return name
    }

    private func readable(_ kind: TargetKindDefinition, _ resolved: String) -> [PlanValue.Entry] {
        var settings = [PlanValue.Entry(kind.shorthand, .text(kind.name == "host" ? "local" : resolved))]
        if let ca, takesCA(kind) { settings.append(.init("ca", .text(ca))) }
        return settings
    }

    private func takesCA(_ kind: TargetKindDefinition) -> Bool {
        ["http", "s3", "tls"].contains(kind.name) && kind.parameters.contains { $0.name == "ca" }
    }

    private func hasSecret(_ kind: TargetKindDefinition, _ resolved: String) -> Bool {
        guard let target = try? kind.target(from: .map(readable(kind, resolved))) else { return true }
        // The query of a URL often carries a key.
        return target.secrets.contains { !$0.isEmpty } || kind.name == "http" && resolved.contains("?")
    }

    private mutating func propose(_ kind: TargetKindDefinition, _ resolved: String, _ name: String?) async throws {
        let target: any TargetKind
        do { target = try kind.target(from: .map(readable(kind, resolved))) } catch {
            throw ValidationError(error.errors.map(\.message).joined(separator: "; "))
        }
        let opened = StepTargets(OpenTarget(target, on: composition.host))
        let host = composition.host
        for action in composition.catalogue.sortedActions where action.roles == [TargetRole(kinds: [kind.name])] {
            guard let propose = action.propose else { continue }
            let context = Context(
                host: host, deadline: host.steady() + Self.patience, label: WorkLabel(run: "init", step: action.name))
            var proposals: [Proposal] = []
            do { proposals = try await propose(opened, context) } catch {
                let note = "\(action.name) could not look now: \(Cause(error).sentence)"
                if action.isChange || action.declaration.looksByItself == false {
                    plan.notes.append(note)
                } else {
                    proposals = [Proposal(notes: [note])]
                }
            }
            for proposal in proposals {
                plan.steps.append(
                    PlanProposal.Step(
                        action: action.name, isChange: action.isChange, target: name, proposal: proposal))
            }
        }
        await opened.close()
    }

    private mutating func readCrontab(_ file: String) {
        do {
            let bytes = try composition.host.readFile(file, 1 << 20)
            plan.notes += CrontabReading.notes(String(decoding: bytes, as: UTF8.self), of: file)
        } catch { plan.notes.append("\(file) could not be read.") }
    }

    /// The last word of an identity that can be a name: a database, a namespace, a host.
    private static func name(from identity: String) -> String {
        let place = identity.split(separator: " ").first { $0.contains("/") } ?? identity[...]
        let words = place.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_")) }
        let last = words.last { $0.contains { $0.isLetter } && $0.count > 2 }
        return last.map(String.init) ?? "service"
    }
}
