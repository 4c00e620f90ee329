import Maintenance

/// What can be said of a target's settings while the references in them are not resolved.
enum TargetSettings {
    static func check(
        _ target: TargetSource, kindPosition: Position, _ catalogue: Catalogue, _ log: inout MistakeLog
    ) {
        guard let kind = catalogue.kinds[target.kind] else {
            log.report(unknown(target.kind, "kind of target", among: Array(catalogue.kinds.keys)), at: kindPosition)
            return
        }
        check(target.settings, kind, of: "a target", &log)
    }

    /// Likewise of a channel's settings; `unread` is a parameter whose mistakes are known already.
    static func check(
        _ settings: PlanNode, _ kind: some SettingsReader, of what: String, unread: String? = nil,
        _ log: inout MistakeLog
    ) {
        ClearSecrets.report(in: settings, under: kind.shorthand, secrets: secretNames(of: kind.parameters), &log)
        checkReferences(in: settings, of: what, &log)
        let unresolved = UnresolvedNames(spelledOut(settings, kind))
        let value = kind.spelledOut(unresolved.readable.value)
        let names = unresolved.names.union([unread].compactMap { $0 })
        let mistakes = names.isEmpty ? kind.mistakes(in: value) : kind.mistakes(in: value, unresolved: names)
        for error in mistakes {
            let ofKey = error.path.count == 1 && !kind.parameters.contains { $0.name == error.path[0] }
            let path = settings.entries == nil ? [] : error.path
            log.report(error.message, at: settings.position(at: path, ofKey: ofKey))
        }
    }

    private static func checkReferences(in settings: PlanNode, of what: String, _ log: inout MistakeLog) {
        var mistakes: [Diagnostic] = []
        settings.forEachText { _, text, position in
            do throws(ValueError) {
                for reference in try ReferenceText(text).references where !reference.isOfMachine {
                    mistakes.append(
                        Diagnostic(
                            "`\(reference.written)` has no meaning here: \(what)'s settings know only `${env:NAME}` and "
                                + "`${file:/PATH}`", at: position))
                }
            } catch {
                mistakes.append(Diagnostic(error.message, at: position))
            }
        }
        log.add(mistakes)
    }

    static func spelledOut(_ settings: PlanNode, _ kind: some SettingsReader) -> PlanNode {
        guard settings.text != nil else { return settings }
        let entry = PlanNode.Entry(key: kind.shorthand, position: settings.position, value: settings)
        return PlanNode(content: .map([entry]), position: settings.position)
    }

    static func secretNames(of parameters: [ParameterDescription]) -> Set<String> {
        Set(parameters.filter { $0.typeName.hasSuffix(Secret.typeName) }.map(\.name))
    }
}

/// A map of parameters, and which of them hold references that only a run can resolve.
struct UnresolvedNames {
    let names: Set<String>
    /// The map with each text as it is meant (`$${` read as `${`); texts with references as they stand.
    let readable: PlanNode

    init(_ node: PlanNode) {
        var names: Set<String> = []
        node.forEachText { path, text, _ in
            guard let name = path.first, (try? ReferenceText(text))?.plain == nil else { return }
            names.insert(name)
        }
        self.names = names
        readable = node.mapText { text, _ in .text((try? ReferenceText(text))?.plain ?? text) }
    }
}

extension Reference {
    /// Refers to the machine on which Millwright runs.
    var isOfMachine: Bool {
        switch self {
        case .environment, .file: true
        case .input, .step, .each: false
        }
    }
}

extension ClearSecrets {
    /// Reports each secret in clear. `name` is the key under which the node itself stands, `secrets` the parameters that
    /// are declared as secrets.
    static func report(
        in node: PlanNode, under name: String? = nil, secrets: Set<String> = [], _ log: inout MistakeLog
    ) {
        var found: [Diagnostic] = []
        node.forEachText { path, text, position in
            let isSecret = (path.first ?? name).map(secrets.contains) ?? false
            if let mistake = mistake(in: text, path: path.isEmpty ? [name].compactMap { $0 } : path, isSecret: isSecret)
            {
                found.append(Diagnostic(mistake, at: position))
            }
        }
        log.add(found)
    }
}
