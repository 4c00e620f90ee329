import ClientRedis
import Host
import Maintenance

/// Takes a survey from its beginning to its end: paced, watched, over lost connections, until the time is up.
struct SurveyPass {
    let survey: RedisSurvey
    /// `nil` as fast as it goes.
    let watch: LatencyWatch?
    /// About how many keys there are.
    let expected: Double
    let access: RedisAccess
    let context: Context

    struct Ending {
        var pages = 0
        var isWhole = true
        var took: Duration = .zero
        /// About how many keys there were to look at.
        var expected = 0.0
        /// In seconds: 99 of 100 answers to others while we rested, and beside us; of the server that felt it most.
        var p99: (idle: Double, beside: Double)?

        mutating func add(_ other: Ending) {
            pages += other.pages
            isWhole = isWhole && other.isWhole
            took += other.took
            expected += other.expected
            if let felt = other.p99, felt.beside >= p99?.beside ?? 0 { p99 = felt }
        }
    }

    /// The pass, and the measuring beside it for as long as the pass takes.
    func run(_ tally: KeyTally) async throws -> (KeyTally, Ending) {
        guard let watch else { return try await pass(tally) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watch.run() }
            defer { group.cancelAll() }
            return try await pass(tally)
        }
    }

    private func pass(_ given: KeyTally) async throws -> (KeyTally, Ending) {
        var tally = given
        var ending = Ending()
        let process = try await process()
        let begun = context.host.steady()
        var due = begun
        var place: RedisSurvey.Place? = .beginning
        var ready: RedisSurvey.Page?
        while let here = place {
            guard context.remaining > RedisActionLimits.surveyReserve else { break }
            let count = count
            async let step = insisting(in: context) { try await survey.step(here, count: count, access) }
            // While the server answers, what it answered before is added up.
            if let page = ready { try add(page, to: &tally) }
            let (page, next) = try await step
            ready = page
            place = next
            ending.pages += 1
            try await pause(max(count, page.keys.count), &due)
            if ending.pages.isMultiple(of: 256) {
                context.progress(
                    Progress(done: Double(tally.total.keys), total: expected, "\(tally.total.keys) keys"))
            }
        }
        if let page = ready { try add(page, to: &tally) }
        try await same(process)
        ending.isWhole = place == nil
        ending.took = context.host.steady() - begun
        ending.expected = expected
        // Of a pass that short nothing can be said.
        if ending.took >= RedisActionLimits.shortestWatch { ending.p99 = watch?.p99 }
        return (tally, ending)
    }

    /// A pass that is felt by nobody takes few keys at a time; over a slow network more, or it would never end.
    private var count: Int {
        guard let watch else { return RedisActionLimits.unpacedPage }
        return min(RedisActionLimits.unpacedPage, max(RedisActionLimits.pacedPage, Int(2 * watch.keysUnderWay)))
    }

    private func add(_ page: RedisSurvey.Page, to tally: inout KeyTally) throws {
        let size = survey.questions.count
        var at = page.answers.startIndex
        for key in page.keys {
            let answers = page.answers[at..<(at + size)]
            at += size
            guard tally.isNew(key) else { continue }
            if let facts = try tally.questions.facts(answers, of: key, access) {
                tally.add(key, facts)
            } else {
                tally.lost()
            }
        }
    }

    private func pause(_ entries: Int, _ due: inout Duration) async throws {
        guard let watch else { return }
        let (rate, pause) = watch.allowed
        let now = context.host.steady()
        // What was lost by waiting is made up for, but never with a rush.
        due = max(due, now - RedisActionLimits.rush) + .microseconds(Int64(Double(entries) / rate * 1e6))
        let wait = min(max(due - now, pause), context.remaining - RedisActionLimits.surveyReserve)
        if wait > RedisActionLimits.shortestPause { try await context.host.sleep(wait) }
    }

    private func process() async throws -> String {
        try await insisting(in: context) { try await ServerInfo.process(access) }
    }

    /// A place in the table of one process means nothing to another: what came after a restart is no pass.
    private func same(_ process: String) async throws {
        guard try await self.process() != process else { return }
        throw CouldNotLook(
            .noData, "\(access.identity) was started anew during the pass, or another server answers: begin again.")
    }
}
