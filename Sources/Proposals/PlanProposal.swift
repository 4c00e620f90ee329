public import Maintenance

/// A plan that is proposed from what was found, before anybody has edited it.
public struct PlanProposal: Sendable {
    /// A target as the plan declares it.
    public struct Target: Sendable {
        public let name: String
        public let kind: String
        public let settings: PlanValue

        public init(name: String, kind: String, settings: PlanValue) {
            self.name = name
            self.kind = kind
            self.settings = settings
        }
    }

    /// A step: how an action would be used on one of the targets.
    public struct Step: Sendable {
        public let action: String
        public let isChange: Bool
        /// `nil` where the plan need not say it: the machine itself.
        public let target: String?
        public let proposal: Proposal

        public init(action: String, isChange: Bool, target: String?, proposal: Proposal) {
            self.action = action
            self.isChange = isChange
            self.target = target
            self.proposal = proposal
        }
    }

    public var service: String
    public var targets: [Target] = []
    public var steps: [Step] = []
    /// What was found and is no part of the plan: jobs that it could replace, places that could not be looked at.
    public var notes: [String] = []

    public init(service: String) { self.service = service }

    /// The plan's text, with what is so now beside each step.
    public var yaml: String {
        var text = YAMLText()
        text.comment(
            "Proposed by `millwright init` from what it found. Checks look only; changes are disabled until you")
        text.comment("have seen what they would do: `millwright explain FILE maintenance`, then take `disabled` out.")
        text.line("service", .text(service))
        text.line("timezone", .text("UTC"))
        if !targets.isEmpty {
            text.open("targets")
            for target in targets { text.line(target.name, .map([.init(target.kind, target.settings)])) }
            text.close()
        }
        let changes = steps.filter(\.isChange)
        if !changes.isEmpty {
            text.open("windows")
            text.line("maintenance", .map([.init("opens", .text("Sunday 02:00")), .init("lasts", .text("1h"))]))
            text.close()
        }
        text.open("procedures")
        write("health", schedule: ("schedule", "daily 09:00"), steps.filter { !$0.isChange }, &text)
        if !changes.isEmpty { write("maintenance", schedule: ("in", "maintenance"), changes, &text) }
        text.close()
        for note in notes { text.comment(note) }
        return text.text
    }

    static let reason = "Proposed and not yet looked at by anybody."

    private func write(
        _ name: String, schedule: (key: String, value: String), _ steps: [Step], _ text: inout YAMLText
    ) {
        text.open(name)
        text.line(schedule.key, .text(schedule.value))
        text.open("steps")
        for (step, id) in zip(steps, Self.ids(steps)) {
            for note in step.proposal.notes { text.comment(note) }
            text.item("id", .text(id))
            text.line(step.isChange ? "do" : "check", .text(step.action))
            if let target = step.target { text.line("target", .text(target)) }
            if !step.proposal.parameters.isEmpty { text.line("with", .map(step.proposal.parameters)) }
            if let warn = step.proposal.thresholds.warn { text.line("warn", .text(warn)) }
            if let fail = step.proposal.thresholds.fail { text.line("fail", .text(fail)) }
            if step.isChange { text.line("disabled", .text(Self.reason)) }
            text.endItem()
        }
        text.close()
        text.close()
    }

    /// A name for each step that no other has.
    private static func ids(_ steps: [Step]) -> [String] {
        var taken: Set<String> = []
        return steps.map { step in
            var words = [step.action.replacing(".", with: "-")]
            if !step.proposal.name.isEmpty { words.append(word(step.proposal.name)) }
            if steps.count(where: { $0.action == step.action && $0.proposal.name == step.proposal.name }) > 1,
                let target = step.target
            {
                words.append(word(target))
            }
            let name = words.joined(separator: "-")
            var id = name
            var number = 2
            while !taken.insert(id).inserted {
                id = "\(name)-\(number)"
                number += 1
            }
            return id
        }
    }

    private static func word(_ text: String) -> String {
        String(text.lowercased().prefix(60).map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "-" })
    }
}
