import Host
import Maintenance

extension WeeklyReport {
    /// Still there first, then not known, then gone; in each the most severe, then the oldest.
    static func issues(_ input: WeeklyInput, _ book: inout NoteBook) -> [Issue] {
        let tally = input.tally
        var found: [(issue: WeeklyTally.IssueKey, runs: WeeklyTally.IssueRuns, state: Issue.State)] = []
        for (key, runs) in tally.issues { found.append((key, runs, state(key, runs, tally))) }
        found.sort { left, right in
            if left.state != right.state { return left.state.weight < right.state.weight }
            if left.runs.severity != right.runs.severity {
                return left.runs.severity.worst(right.runs.severity) == left.runs.severity
            }
            if left.runs.first.startedAt != right.runs.first.startedAt {
                return left.runs.first.startedAt < right.runs.first.startedAt
            }
            return (left.issue.procedure, left.issue.step, left.issue.subject, left.issue.code)
                < (right.issue.procedure, right.issue.step, right.issue.subject, right.issue.code)
        }
        return found.enumerated().map { place, one in
            let step = tally.latest[one.issue.procedure]?.step(one.issue.step)
            let isLatest = one.runs.newestRun.id == tally.latest[one.issue.procedure]?.id
            let note =
                isLatest && place < ReportLimits.issues ? step.flatMap { book.note(one.runs.newestRun.id, $0) } : nil
            return Issue(
                subject: one.issue.subject, severity: one.runs.severity, code: one.issue.code,
                sentence: Words.bounded(one.runs.newest.cause.sentence),
                advice: one.runs.newest.advice.map(Words.bounded), procedure: one.issue.procedure,
                step: one.issue.step, seenIn: one.runs.seenIn, of: tally.read[one.issue.procedure] ?? 0,
                first: one.runs.first.startedAt,
                isAtLeast: one.runs.first.id == tally.oldest[one.issue.procedure],
                last: one.runs.newestRun.startedAt, lastRun: one.runs.newestRun.id, state: one.state, note: note)
        }
    }

    private static func state(
        _ key: WeeklyTally.IssueKey, _ runs: WeeklyTally.IssueRuns, _ tally: WeeklyTally
    ) -> Issue.State {
        guard let latest = tally.latest[key.procedure] else { return .notKnown }
        if latest.id == runs.newestRun.id { return .stillThere }
        guard let step = latest.step(key.step), let verdict = step.verdict else { return .notKnown }
        // A look that failed, or saw only a part, has not seen that it is gone.
        return verdict == .unknown ? .notKnown : .gone
    }

    /// What is still there or not known is to be done; several issues with one advice are one item.
    static func actions(_ issues: [Issue], _ input: WeeklyInput) -> [ActionItem] {
        var items: [[Issue]] = []
        var places: [String: Int] = [:]
        for issue in issues where issue.state != .gone {
            let key = "\(issue.procedure)/\(issue.step)/\(issue.advice ?? issue.subject + issue.code)"
            if let place = places[key] {
                items[place].append(issue)
            } else {
                places[key] = items.count
                items.append([issue])
            }
        }
        let ranked = items.sorted { left, right in
            let (a, b) = (severity(left), severity(right))
            if a != b { return a.worst(b) == a }
            return since(left) < since(right)
        }
        return ranked.enumerated().compactMap { place, item -> ActionItem? in
            guard let first = item.first else { return nil }
            let more = item.count - 1
            return ActionItem(
                rank: place + 1, severity: severity(item), what: what(first, input),
                subject: more > 0 ? "\(first.subject) and \(more) more" : first.subject, because: first.sentence,
                procedure: first.procedure, step: first.step,
                owner: input.tally.latest[first.procedure]?.owner ?? input.tally.anchor?.owner,
                since: since(item),
                isAtLeast: item.contains { $0.isAtLeast && $0.first == since(item) }, note: first.note)
        }
    }

    private static func severity(_ issues: [Issue]) -> Verdict { issues.map(\.severity).worst }

    private static func since(_ issues: [Issue]) -> Instant {
        issues.map(\.first).min() ?? Instant(secondsSinceEpoch: 0)
    }

    private static func what(_ issue: Issue, _ input: WeeklyInput) -> String {
        if let advice = issue.advice { return advice }
        if issue.state == .notKnown { return "Look whether it is still so: the last run could not tell." }
        switch issue.severity {
        case .unknown: return "Make it possible to look, then look again."
        case .fail: return "Find out why, and mend it."
        case .warn, .pass: return "Decide whether this is acceptable."
        }
    }
}

extension WeeklyReport.Issue.State {
    var weight: Int {
        switch self {
        case .stillThere: 0
        case .notKnown: 1
        case .gone: 2
        }
    }
}
