import Engine
import Foundation
import Host
import Journal
import Maintenance
import Plans
import Testing

/// A run that was begun before an upgrade ends after it: histories that versions recorded are replayed by every later one
/// to the same state and the same commands. Recorded files are never written anew: a version that changes what it
/// records adds a folder.
@Suite struct RecordedRunTests {
    private struct Line: Codable {
        var at: Int64?
        var event: String?
        var state: [String]?
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/histories")

    private static var recorded: [String] {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return versions.sorted().flatMap { version in
            let files = try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: version).path)
            return (files ?? []).sorted().map { "\(version)/\($0)" }
        }
    }

    @Test(arguments: recorded) func itIsReplayedAlike(_ file: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
        var machine = RunMachine(run: "r1")
        var commands = 0
        var expected: [String] = []
        for line in text.split(separator: "\n") {
            let line = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            if let at = line.at, let event = line.event {
                let event = try decodeJSON(RunEvent.self, Array(event.utf8))
                commands += machine.handle(event, at: Instant(microsecondsSinceEpoch: at)).count
            }
            expected = line.state ?? expected
        }
        #expect(Self.state(machine.state, commands) == expected)
        #expect(expected.count > 1)
    }

    @Test func thereAreSome() { #expect(Self.recorded.count >= 6) }

    /// What a run came to, in words that no later version changes by accident.
    private static func state(_ run: Run, _ commands: Int) -> [String] {
        ["\(run.verdict.rawValue) \(commands) commands \(run.deliveries.count) deliveries"]
            + run.steps.map { step in
                let units = Tally(step.units)
                let verdict = step.verdict?.rawValue ?? (step.phase == .skipped ? "skipped" : "open")
                return "\(step.id) \(verdict) \(step.cause?.code.rawValue ?? "-") "
                    + "\(units.done) of \(units.total) done, \(units.undone) undone, \(step.decisions.count) words"
            }
    }

    /// `MILLWRIGHT_RECORD=1` writes what this version makes of a few runs, where the file is not there yet.
    @Test func whatThisVersionRecords() throws {
        guard ProcessInfo.processInfo.environment["MILLWRIGHT_RECORD"] != nil else { return }
        for (name, pump) in Self.runs {
            let file = Self.folder.appending(path: "1/\(name).jsonl")
            guard !FileManager.default.fileExists(atPath: file.path) else { continue }
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            var machine = RunMachine(run: "r1")
            var commands = 0
            var lines: [Line] = []
            for (at, event) in pump.history {
                commands += machine.handle(event, at: at).count
                let text = String(decoding: try encodeJSON(event), as: UTF8.self)
                lines.append(Line(at: at.microsecondsSinceEpoch, event: text))
            }
            lines.append(Line(state: Self.state(machine.state, commands)))
            let texts = try lines.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
            try Data((texts.joined(separator: "\n") + "\n").utf8).write(to: file)
        }
    }

    private static var runs: [(String, Pump)] {
        let work = Bench.change("work")
        let back = RunStep(
            id: "back", action: work.action, kind: .undo(step: "work"), isChange: false, parameters: work.parameters,
            targets: work.targets, needs: ["well"], isFinal: true)
        let bracket = [
            Bench.check("a", "v", warn: "value > 3"), work, Bench.change("later", onFailure: .undo),
            Bench.check("well", "v").with(isFinal: true), back,
        ]
        return [
            ("bracket", run(bracket) { $0.found = { _, _ in 3 } }),
            ("refused", run(bracket) { $0.refused = ["later"] }),
            (
                "crash-in-work",
                run(bracket) {
                    $0.takes = ["work": .seconds(60)]; $0.dies = (.seconds(30), .seconds(30))
                }
            ),
            (
                "stopped",
                run(bracket) {
                    $0.takes = ["work": .seconds(60)]; $0.stops = .seconds(30)
                }
            ),
            (
                "soak",
                run([
                    Bench.check("a", "v").with(
                        soak: SoakPolicy(lastsMicroseconds: 600_000_000, everyMicroseconds: 60_000_000)),
                    RunStep.plain("wait", .wait(microseconds: 60_000_000)),
                ]) { $0.dies = (.seconds(300), .seconds(200)) }
            ),
            (
                "undo",
                run(
                    UndoScope([work, Bench.change("later"), Bench.change("last", onFailure: .undo)]) { _ in true }
                        .filled
                ) {
                    $0.found = { _, _ in 2 }
                    $0.refused = ["last"]
                    $0.hidden = ["later/u1"]
                    $0.dies = (.seconds(5), .seconds(10))
                }
            ),
            (
                "guarded-wait",
                run(UndoScope([work, guarded]) { $0.isChange }.filled) {
                    $0.guardSays = { _, _, at in at > 200 ? .fail : at > 100 ? .warn : .pass }
                }
            ),
            (
                "approval",
                run([
                    work.with(approval: RunApproval(by: ["ada", "bob"], count: 1, withinMicroseconds: 60_000_000)),
                    RunStep.plain("ask", .ask(RunQuestion(text: "Well?", from: [], withinMicroseconds: 1, fields: []))),
                ]) { pump in
                    pump.notices = RunNotices(
                        rules: [NoticeRule(on: [.asked, .ended], to: ["chat"])], channels: Bench.channels)
                    pump.words["work"] = ["eve", "ada"].map {
                        Decision(
                            id: $0, by: $0, at: Instant(microsecondsSinceEpoch: 0), word: .agreed, proposal: "now")
                    }
                }
            ),
        ]
    }

    private static var guarded: RunStep {
        RunStep(
            id: "wait", action: "wait", kind: .wait(microseconds: 600_000_000), isChange: false,
            guardSteps: [Bench.check("watch", "v")], guardEveryMicroseconds: 60_000_000, onFailure: .undo)
    }

    private static func run(_ steps: [RunStep], _ set: (inout Pump) -> Void) -> Pump {
        var pump = Pump()
        set(&pump)
        _ = pump.drive(steps)
        return pump
    }
}
