import Maintenance
import Schedules

/// From the nodes of a procedure to its model.
struct ProcedureReader {
    let catalogue: Catalogue
    let windows: [String: PlanWindow]
    /// Also those that are wrong: a procedure that names one has not made another mistake.
    let declaredWindows: Set<String>
    let told: NoticeReader
    let environments: [String]
    let times: TimeContext

    func read(_ entry: PlanNode.Entry, _ log: inout MistakeLog) -> Procedure? {
        guard let fields = Fields(entry.value, PlanKeys.procedure, &log) else { return nil }
        let summary = fields.text("summary", &log)
        let occursIn = fields.name("in", &log)
        let scheduleText = fields.text("schedule", &log)
        let window = fields.name("window", &log)
        if let occursIn, scheduleText != nil || window != nil {
            log.report(
                "`in` says when the procedure begins and which window it obeys; use it alone, or `schedule` with `window`",
                at: occursIn.position)
        }
        for name in [occursIn, window].compactMap({ $0 }) where !declaredWindows.contains(name.value) {
            log.report(unknown(name.value, "window", among: declaredWindows.sorted()), at: name.position)
        }
        let policy = clockChange(fields, &log)
        let dispatching = dispatching(fields, &log)
        let occasion = scheduleText.flatMap {
            ScheduleReading.occasion($0, policy, times, lasting: dispatching.expected, &log)
        }
        var inputs: [Procedure.Input] = []
        for entry in fields.named("inputs", &log) {
            if let input = readInput(entry, &log) { inputs.append(input) }
        }
        let guards = StepReader.names("guard", of: fields, &log)
        var steps: [StepSource] = []
        for node in fields.list("steps", &log) {
            if let step = StepReader.read(node, catalogue, &log) { steps.append(step) }
        }
        var finalSteps: [StepSource] = []
        for node in fields.list("finally", &log) {
            if let step = StepReader.read(node, catalogue, isFinal: true, &log) { finalSteps.append(step) }
        }
        reportTwins(steps + finalSteps, &log)
        var reports: [RunReport] = []
        for node in fields.list("reports", &log) {
            if let report = readReport(node, &log) { reports.append(report) }
        }
        let notices = told.rules(fields, &log)
        let heartbeat = told.heartbeat(fields, environments, &log)
        return Procedure(
            name: entry.key, summary: summary?.value, occasion: occasion,
            occasionPosition: scheduleText?.position, dispatching: dispatching,
            scheduleText: scheduleText?.value ?? occursIn.flatMap { windows[$0.value]?.opensText },
            window: (occursIn ?? window)?.value, beginsWithWindow: occursIn != nil, inputs: inputs, reports: reports,
            notices: notices, heartbeat: heartbeat, guards: guards, steps: steps, finalSteps: finalSteps,
            position: entry.position)
    }

    private func clockChange(_ fields: Fields, _ log: inout MistakeLog) -> ClockChangeChoice? {
        guard let node = fields.take("clock-change", &log), let fields = Fields(node, PlanKeys.clockChange, &log) else {
            return nil
        }
        return ClockChangeChoice(
            gap: fields.read("gap", as: ClockChangePolicy.Gap.self, &log)?.value,
            overlap: fields.read("overlap", as: ClockChangePolicy.Overlap.self, &log)?.value)
    }

    private func dispatching(_ fields: Fields, _ log: inout MistakeLog) -> Procedure.Dispatching {
        var result = Procedure.Dispatching()
        if let node = fields.take("catch-up", &log), let fields = Fields(node, PlanKeys.catchUp, &log) {
            result.catchUp = fields.read("mode", as: CatchUpRule.self, &log)?.value ?? .last
            if let most = fields.read("at-most", as: Int.self, &log) {
                if most.value < 1 {
                    log.report("`at-most` is at least 1; `mode: none` makes up for nothing", at: most.position)
                }
                if result.catchUp != .all { log.report("`at-most` belongs to `mode: all`", at: most.position) }
                result.atMost = most.value
            }
            result.spread = fields.read("spread", as: Duration.self, &log)?.value ?? .zero
            result.within = fields.read("within", as: Duration.self, &log)?.value
            result.afterPause = fields.read("after-pause", as: Bool.self, &log)?.value ?? false
        }
        result.overlap = fields.read("overlap", as: OverlapRule.self, &log)?.value ?? .skip
        result.jitter = fields.read("jitter", as: Duration.self, &log)?.value ?? .zero
        result.expected = fields.read("expected", as: Duration.self, &log)?.value
        result.priority = fields.read("priority", as: Int.self, &log)?.value ?? 0
        result.disabled = fields.text("disabled", &log)?.value
        return result
    }

    private func readInput(_ entry: PlanNode.Entry, _ log: inout MistakeLog) -> Procedure.Input? {
        if entry.value.content == .null {
            return Procedure.Input(name: entry.key, type: .text, defaultValue: nil, summary: nil)
        }
        guard let fields = Fields(entry.value, PlanKeys.input, &log) else { return nil }
        let type = fields.read("type", as: InputType.self, &log)?.value ?? .text
        let value = fields.take("default", &log)
        if let value {
            if let error = type.mistake(in: value.value) {
                log.report(error.message, at: value.position(at: error.path))
            }
            ClearSecrets.report(in: value, under: entry.key, &log)
            value.forEachText { _, text, position in
                if text.contains("${") {
                    log.report("a default is what it says, without references", at: position)
                }
            }
        }
        return Procedure.Input(
            name: entry.key, type: type, defaultValue: value?.value, summary: fields.text("summary", &log)?.value)
    }

    private func readReport(_ node: PlanNode, _ log: inout MistakeLog) -> RunReport? {
        guard let fields = Fields(node, PlanKeys.report, &log) else { return nil }
        let template = fields.read("template", as: ReportTemplate.self, &log)?.value ?? .run
        guard let formats = fields.read("formats", as: [ReportFormat].self, &log) else { return nil }
        if formats.value.isEmpty || Set(formats.value).count < formats.value.count {
            log.report("`formats` names each form once, and at least one", at: formats.position)
        }
        return RunReport(template: template, formats: formats.value)
    }

    /// An id defaults to the action's name, so two steps with one action need ids of their own.
    private func reportTwins(_ steps: [StepSource], _ log: inout MistakeLog) {
        var first: [String: Position] = [:]
        for step in steps {
            guard let earlier = first[step.id.value] else {
                first[step.id.value] = step.id.position
                continue
            }
            log.report(
                "the id `\(step.id.value)` belongs to the step on line \(earlier.line) already; give each an `id` of its own "
                    + "(without one it is the action's name)", at: step.id.position)
        }
    }
}
