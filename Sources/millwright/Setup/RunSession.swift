import ArgumentParser
import ClientPrograms
import Engine
import FoundationEssentials
import Glibc
import Host
import Journal
import Maintenance
import Plans
import Reports

/// One run from a command: begun or taken over, shown as it goes, reported at its end.
struct RunSession {
    let composition: Composition
    let journal: any JournalStore
    let format: OutputFormat
    let reports: String
    /// `nil` where nothing is changed.
    var holds: HoldFile?
    /// `nil` where nobody is asked.
    var inbox: Inbox?

    func begin(
        _ plan: RunPlan, past: RunPast = RunPast(), from: String? = nil, hours: RunHours = RunHours(),
        windowOverride: String? = nil
    ) async throws -> ExitCode {
        try await show(run(plan, past, from: from, hours, windowOverride: windowOverride))
    }

    /// Makes checks without showing their document.
    func check(_ plan: RunPlan) async throws -> RunDocument {
        try await RunDocument.make(run(plan, RunPast()), from: journal)
    }

    private func run(
        _ plan: RunPlan, _ past: RunPast, from: String? = nil, _ hours: RunHours = RunHours(),
        windowOverride: String? = nil
    ) async throws -> Run {
        let host = composition.host
        let now = host.now()
        let start = RunStart.make(
            plan, catalogue: composition.catalogue, host: host, nominal: now,
            owner: try Programs.own(on: host), requestedBy: Self.operatorName, opening: hours.opening,
            laterOpenings: hours.later, windowOverride: windowOverride, from: from, recoversFrom: past.recoversFrom)
        let id = RunID.make(at: now, host)
        if format == .text {
            Output.line("\(Style.strong("\(plan.service) \(plan.procedure)")) \(Style.soft("run \(id)"))")
        }
        return try await drive { try await $0.begin(id, start, missed: past.missed) }
    }

    func resume(_ row: RunRow) async throws -> ExitCode {
        if format == .text {
            Output.line(
                "\(Style.strong("\(row.service) \(row.procedure)")) "
                    + Style.soft("run \(row.id), begun at \(row.startedAt) by a process that died, taken over"))
        }
        let owner = try Programs.own(on: composition.host)
        return try await show(drive { try await $0.resume(row, by: owner) })
    }

    private func drive(_ body: @escaping @Sendable (RunDriver) async throws -> Run) async throws -> Run {
        let screen = RunScreen(host: composition.host, isQuiet: format == .json)
        let driver = composition.driver(journal, screen.observer, held: holds, inbox: inbox)
        let signals = StopSignals { driver.cancel(Cause(.cancelled, "Somebody asked the run to stop.")) }
        let run = try await journal.keeping { try await body(driver) }
        withExtendedLifetime(signals) {}
        return run
    }

    private func show(_ run: Run) async throws -> ExitCode {
        let document = try await RunDocument.make(run, from: journal)
        let writer = ReportWriter(composition: composition, journal: journal, folder: reports)
        let written = await writer.write(run)
        switch format {
        case .json: try Output.json(document)
        case .text: Summary.show(document, reports: written)
        }
        return ExitCode((document.verdict ?? .unknown).exitCode)
    }

    /// The operating system's user, as no sign-in exists yet.
    static var operatorName: String {
        guard let entry = getpwuid(getuid()) else { return "uid \(getuid())" }
        return String(cString: entry.pointee.pw_name)
    }
}

/// What a person reads when a run is over.
enum Summary {
    static func show(_ run: RunDocument, reports: [String]) {
        Output.line()
        let took = run.duration.map { " in \(Words.took($0))" } ?? ""
        Output.line("\(Style.verdict(run.verdict, Words.title(run)))\(took)")
        if let cause = run.cause { Output.line("  \(Style.sign(.unknown)) \(Style.plain(cause.sentence))") }
        for step in run.steps {
            if step.findings.isEmpty, let verdict = step.verdict, verdict != .pass {
                let cause = step.cause?.sentence ?? step.summary
                Output.line("  \(Style.sign(verdict)) \(step.id): \(Style.plain(cause))")
            }
            for finding in step.findings.prefix(5) {
                Output.line(
                    "  \(Style.sign(finding.severity)) \(Style.plain(finding.subject)): \(Style.plain(finding.cause.sentence))"
                        + (finding.advice.map { " \(Style.soft(Style.plain($0)))" } ?? ""))
            }
            if step.findings.count > 5 { Output.line("    … and \(step.findings.count - 5) more of \(step.id)") }
        }
        if let missed = run.missed {
            Output.line("  \(Style.sign(.unknown)) missed: \(Style.plain(Words.missed(missed)))")
        }
        for delivery in run.deliveries {
            let text = "\(Words.deliveryTitle(delivery)): \(Words.delivery(delivery))"
            Output.line("\(Style.sign(delivery.verdict)) told \(Style.plain(text))")
        }
        for path in reports { Output.line("report \(path)") }
    }
}
