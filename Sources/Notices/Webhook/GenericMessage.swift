import Host
import Maintenance

/// A notice as JSON for programs; `schemaVersion` changes when a field changes its meaning or goes away.
struct GenericMessage: Encodable {
    let schemaVersion = 1
    /// The same in every attempt: who has seen it has the notice already.
    let id: String
    let event: NoticeEvent
    let service: String
    let environment: String
    let procedure: String
    let run: String
    let verdict: Verdict?
    let counts: Notice.Counts
    /// The heading that people read.
    let title: String
    let findings: [Notice.Point]
    let moreFindings: Int
    let missed: MissedOccurrences?
    let leftSteps: [String]
    let recoversFrom: String?
    let hint: String
    let startedAt: Instant?
    let at: Instant
    let text: String?

    init(_ notice: Notice, id: String) {
        self.id = id
        event = notice.event
        service = notice.service
        environment = notice.environment
        procedure = notice.procedure
        run = notice.run
        verdict = notice.verdict
        counts = notice.counts
        title = NoticeText(notice).heading
        findings = notice.points
        moreFindings = notice.morePoints
        missed = notice.missed
        leftSteps = notice.leftSteps
        recoversFrom = notice.recoversFrom
        hint = notice.hint
        startedAt = notice.startedAt
        at = notice.at
        text = notice.text
    }
}
