import ClientPrograms
import Host
import Maintenance

/// An action of a program with a plan's parameters: each of its calls is a process of its own.
struct ExternalAction: Sendable {
    let program: ActionProgram
    let description: ProgramDescription
    let values: [String: ExternalValue]
    let descriptions: ProgramDescriptions

    var work: ConfiguredAction.Work {
        guard description.isChange else { return .check(ConfiguredCheck(observe: observe)) }
        return .change(
            ConfiguredChange(
                preview: preview, prepare: prepare, probe: probe, apply: effect(.apply),
                repair: description.canRepair ? effect(.repair) : nil,
                undo: description.canUndo ? effect(.undo) : nil))
    }

    private func observe(_ targets: StepTargets, _ context: Context) async throws -> Observation {
        try await ask(.observe, targets, context) { reply throws(Misspoken) in
            try Replies.observation(reply, description.measurements)
        }
    }

    private func preview(_ targets: StepTargets, _ context: Context) async throws -> Preview {
        try await ask(.preview, targets, context) { reply throws(Misspoken) in
            let preview = try Replies.preview(reply, description.measurements)
            if let impact = preview.impact, impact < description.impact {
                throw Misspoken(sentence: "a preview may find more impact than is declared, and not less")
            }
            return preview
        }
    }

    private func prepare(_ unit: WorkUnit, _ targets: StepTargets, _ context: Context) async throws -> [UInt8] {
        try await ask(.prepare, targets, context, unit) { reply throws(Misspoken) in try Replies.baseline(reply) }
    }

    private func probe(
        _ unit: WorkUnit, _ baseline: [UInt8], _ targets: StepTargets, _ context: Context
    ) async throws -> ChangeState {
        try await ask(.probe, targets, context, unit, baseline) { reply throws(Misspoken) in
            try Replies.state(reply, description.measurements)
        }
    }

    private func effect(_ call: Call) -> ConfiguredChange.UnitWork {
        { unit, baseline, targets, context in
            try await ask(call, targets, context, unit, baseline) { reply throws(Misspoken) in
                try Replies.nothing(reply)
            }
        }
    }

    /// Asks the program, unless it is another one by now, and reads what it answers.
    private func ask<Value: Sendable>(
        _ call: Call, _ targets: StepTargets, _ context: Context, _ unit: WorkUnit? = nil, _ baseline: [UInt8]? = nil,
        _ read: (JSONValue) throws(Misspoken) -> Value
    ) async throws -> Value {
        let (descriptions, program, host) = (descriptions, program, context.host)
        try await OffPool.finish {
            Result { () throws(CouldNotLook) in try descriptions.checkUnchanged(program, on: host) }
        }.get()
        let asked = ProgramCall(
            name: program.name, call: call,
            command: ProgramCommand(
                program.arguments, environment: program.environment, directory: program.directory),
            request: try request(call, targets, context, unit, baseline), masker: Masker(secrets(targets)),
            source: identity(targets), unit: unit?.id)
        let reply = try await asked.ask(in: context)
        do throws(Misspoken) { return try read(reply) } catch { throw asked.misspoken(error) }
    }

    // MARK: The request

    private func request(
        _ call: Call, _ targets: StepTargets, _ context: Context, _ unit: WorkUnit?, _ baseline: [UInt8]?
    ) throws -> [String: JSONValue] {
        var label: [String: JSONValue] = ["run": .text(context.label.run), "step": .text(context.label.step)]
        if let unit = context.label.unit { label["unit"] = .text(unit) }
        var fields: [String: JSONValue] = [
            "parameters": .object(values.mapValues(\.json)), "label": .object(label),
            "seconds": .number(context.remaining.inSeconds),
            "targets": .object(
                Dictionary(
                    description.roles.compactMap { role in
                        targets[role.name].map { (role.name, Self.shown($0, toChange: call.isChanging)) }
                    }
                ) { first, _ in first }),
        ]
        if let unit {
            fields["unit"] = [
                "id": .text(unit.id), "title": .text(unit.title), "size": .number(unit.size),
                "attributes": .object(unit.attributes.mapValues { .text($0) }),
                "items": .list(unit.items.map { .text($0) }),
            ]
        }
        if let baseline { fields["baseline"] = try decodeJSON(JSONValue.self, baseline) }
        return fields
    }

    /// A target as the plan wrote it. A look is not told with whom to change.
    private static func shown(_ target: OpenTarget, toChange: Bool) -> JSONValue {
        var settings = target.settings
        if !toChange, case .map(let entries) = settings, settings["look"] != nil {
            settings = .map(entries.filter { $0.key != "change" })
        }
        return [
            "kind": .text(target.kindName), "identity": .text(target.identity), "settings": settings.json,
        ]
    }

    private func identity(_ targets: StepTargets) -> String {
        let identities = description.roles.compactMap { targets[$0.name]?.identity }
        return "program \(program.name) on \(identities.joined(separator: ", "))"
    }

    private func secrets(_ targets: StepTargets) -> [Secret] {
        let own = values.values.compactMap { if case .secret(let secret) = $0 { secret } else { nil } }
        return own + description.roles.flatMap { targets[$0.name]?.secrets ?? [] }
    }
}
