import Host
import Maintenance
import Plans

/// How a check stands that goes on for a time.
struct SoakState: Sendable {
    let until: Instant
    let policy: SoakPolicy
    private let begun: Instant
    private(set) var looks = 0
    private(set) var worst = Judge.Judgement(verdict: .pass, cause: nil)
    private(set) var lastLook: Instant
    /// Looks by verdict, and the times in which nobody looked.
    private(set) var warns = 0
    private(set) var unknowns = 0
    private(set) var gaps: [Finding] = []
    /// What its guard warned of.
    private(set) var warnings: [Finding] = []

    init(_ policy: SoakPolicy, from now: Instant) {
        self.policy = policy
        begun = now
        until = now + policy.lasts
        lastLook = now
    }

    /// When it is to be looked at next: on the beats from its beginning, those that have passed left out.
    func next(after now: Instant) -> Instant {
        let beats = (now - begun).microseconds / max(1, policy.everyMicroseconds) + 1
        return min(until, begun + .microseconds(beats * policy.everyMicroseconds))
    }

    mutating func note(_ judgement: Judge.Judgement, at now: Instant) {
        looks += 1
        if now - lastLook > policy.every * 2 {
            let cause = Cause(.partlyCovered, "Nobody looked from \(lastLook) to \(now).")
            gaps.append(Finding("a gap", .unknown, cause))
            note(.unknown, cause)
        }
        lastLook = now
        if judgement.verdict == .warn { warns += 1 }
        if judgement.verdict == .unknown { unknowns += 1 }
        if let cause = judgement.cause { note(judgement.verdict, cause) }
    }

    mutating func warn(_ finding: Finding) {
        warnings.append(finding)
        note(finding.severity, finding.cause)
    }

    private mutating func note(_ verdict: Verdict, _ cause: Cause) {
        guard worst.verdict.worst(verdict) != worst.verdict else { return }
        worst = Judge.Judgement(verdict: verdict, cause: cause)
    }

    var summary: String {
        var parts = [looks == 1 ? "1 look" : "\(looks) looks"]
        if warns > 0 { parts.append("\(warns) warned") }
        if unknowns > 0 { parts.append("\(unknowns) saw nothing") }
        if !gaps.isEmpty { parts.append(gaps.count == 1 ? "1 gap" : "\(gaps.count) gaps") }
        return parts.joined(separator: ", ")
    }
}
