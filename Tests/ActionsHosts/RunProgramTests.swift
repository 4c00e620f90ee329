import ActionsHosts
import ClientPrograms
import FoundationEssentials
import Glibc
import Host
import Maintenance
import Testing

struct RunProgramTests {
    @Test func itRunsAndNobodyLooked() async throws {
        let file = FileManager.default.temporaryDirectory.path + "/millwright-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let step = try Step(
            "program.run",
            [.shell("printf %s \"$MODE\" > \"$1\" || exit 3"), .init("environment", .map([.text("MODE", "weekly")]))])
        #expect(try step.change.isProvenElsewhere)
        let other = try Step("program.run", [.command("sh", "-c", "printf done > \"$0\"", file)])
        try await other.apply()
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "done")
        #expect(other.children.all.count == 1)
        #expect(
            other.context.evidence.drain().contains {
                $0.statement.hasPrefix("sh -c") && $0.excerpt.contains("exited(0)")
            })
    }

    @Test func thePreviewSaysWhatWouldRun() async throws {
        let step = try Step("program.run", [.command("sh", "-c", "exit 1")])
        let preview = try await step.change.preview(step.target, step.context)
        #expect(preview.units.count == 1 && preview.findings.isEmpty && preview.statements == ["sh -c 'exit 1'"])
        #expect(step.children.all.isEmpty)
        for program in ["no-such-program-here", "/etc/passwd", "/etc"] {
            let missing = try Step("program.run", [.command(program)])
            let preview = try await missing.change.preview(missing.target, missing.context)
            #expect(preview.findings.map(\.severity) == [.fail], "\(program)")
            #expect(preview.findings.first?.cause.code == .notFound)
        }
    }

    @Test func anotherExitFails() async throws {
        let words = String(repeating: "x", count: 500)
        let step = try Step("program.run", [.shell("echo \(words) >&2; echo 'disk is \t full' >&2; exit 4")])
        let error = await #expect(throws: ChangeFailed.self) { try await step.apply() }
        let sentence = try #require(error?.cause.sentence)
        #expect(
            sentence.contains("exit code 4") && sentence.hasSuffix("x / disk is  full") && sentence.count < 260,
            "\(sentence)")
        #expect(Cause(try #require(error)) == error?.cause)
        try await Step("program.run", [.shell("exit 4"), .init("expect-exit", .list([.text("0"), .text("4")]))]).apply()
        let zero = try Step("program.run", [.shell("exit 0"), .text("expect-exit", "4")])
        await #expect(throws: ChangeFailed.self) { try await zero.apply() }
        let killed = try Step("program.run", [.shell("kill -9 $$"), .text("expect-exit", "9")])
        let signal = await #expect(throws: ChangeFailed.self) { try await killed.apply() }
        #expect(signal?.cause.sentence.contains("signal 9") == true)
        let missing = try Step("program.run", [.command("no-such-program-here")])
        #expect(await #expect(throws: ChangeFailed.self) { try await missing.apply() }?.cause.code == .notFound)
    }

    @Test func outOfTimeIsUnknownAndNothingStays() async throws {
        let step = try Step("program.run", [.shell("sleep 300 & wait")], patience: .milliseconds(400))
        let error = await #expect(throws: CouldNotLook.self) { try await step.apply() }
        #expect(error?.cause.code == .timedOut)
        let child = try #require(step.children.all.first)
        #expect(try await Programs.isAlive(child, on: .system) == false)
        #expect(try await Programs.endLeftChildren(of: step.context.label.run, on: .system) == 0)
    }

    @Test func afterACrash() async throws {
        // The intent of a process that is no more.
        let gone = Array(#"{"intendedBy":{"pid":1,"startTime":1,"bootID":"earlier"}}"#.utf8)
        let careful = try Step("program.run", [.command("true")])
        let unit = try #require(try await careful.change.preview(careful.target, careful.context).units.first)
        guard case .unknown(let cause) = try await careful.change.probe(unit, gone, careful.target, careful.context)
        else {
            Issue.record("not unknown")
            return
        }
        #expect(cause.code == .perhapsApplied)
        let again = try Step("program.run", [.command("true"), .text("again-after-crash", "true")])
        #expect(try await again.change.probe(unit, gone, again.target, again.context) == .pending)
        // In the process that made the intent there was no crash.
        for step in [careful, again] {
            let own = try await step.change.prepare(unit, step.target, step.context)
            guard case .unknown(let cause) = try await step.change.probe(unit, own, step.target, step.context) else {
                Issue.record("not unknown")
                return
            }
            #expect(cause.code == .nobodyLooked)
        }
    }

    @Test func whatStillRunsAfterACrashIsSeen() async throws {
        let gone = Array(#"{"intendedBy":{"pid":1,"startTime":1,"bootID":"earlier"}}"#.utf8)
        let step = try Step(
            "program.run", [.shell("sleep 300"), .text("again-after-crash", "true")], patience: .seconds(60))
        let unit = try #require(try await step.change.preview(step.target, step.context).units.first)
        let running = Task { try await step.apply() }
        while step.children.all.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        let state = try await step.change.probe(unit, gone, step.target, step.context)
        #expect(state == .running(handle: step.context.label.description))
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(try await step.change.probe(unit, gone, step.target, step.context) == .pending)
    }

    @Test func itsImpactIsSaidByThePlan() throws {
        #expect(try Step("program.run", [.command("true")]).configured.impact == .disruptive)
        #expect(try Step("program.run", [.command("true"), .text("impact", "online")]).configured.impact == .online)
        #expect(
            try Step("program.run", [.command("true"), .text("impact", "destructive")]).configured.impact
                == .destructive)
        #expect(Step.mistakes("program.run", [.command("true"), .text("impact", "observe")]).count == 1)
    }

    @Test func mistakes() {
        #expect(Step.mistakes("program.run", []).first?.contains("needs the parameter `command`") == true)
        #expect(Step.mistakes("program.run", [.init("command", .list([]))]) == ["command: no program is named"])
        #expect(Step.mistakes("program.run", [.command("true"), .text("expect-exit", "256")]).count == 1)
        #expect(Step.mistakes("program.run", [.command("true"), .text("directory", "here")]).count == 1)
        let secret: [PlanValue.Entry] = [
            .command("echo", "hunter22hunter22"), .init("secrets", .map([.text("TOKEN", "hunter22hunter22")])),
        ]
        let messages = Step.mistakes("program.run", secret)
        #expect(messages.count == 1 && messages.first?.contains("hunter") == false)
    }
}
