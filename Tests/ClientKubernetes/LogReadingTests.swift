import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientKubernetes

/// What of a log was read, and whether that was all: against a node that breaks off, rotates, and says odd things.
struct LogReadingTests {
    private func query(_ since: String? = "2026-11-21T10:00:10Z", until: String = "2026-11-21T10:01:00Z") -> LogQuery {
        LogQuery(pod: "api-0", container: "api", since: since.map(instant), until: instant(until))
    }

    private func read(
        _ node: LogNode, _ query: LogQuery? = nil, life: ContainerLife? = nil
    ) async throws -> (span: LogSpan, texts: [String]) {
        let kept = Kept()
        let span = try await node.access().logs(query ?? self.query(), life: life) { kept.add($0) }
        return (span, kept.texts)
    }

    private func life(started: String) throws -> ContainerLife {
        ContainerLife(
            try KubernetesJSON.read(
                Array(#"{"name":"api","restartCount":0,"state":{"running":{"startedAt":"\#(started)"}}}"#.utf8)))
    }

    @Test func thePeriodIsExactToTheNanosecond() async throws {
        let node = try LogNode([
            line(5, 0, "before"), line(9, 999_999_999, "just before"), line(10, 0, "first"), line(10, 1, "second"),
            line(59, 999_999_999, "last"), line(60, 0, "after"),
        ])
        let (span, texts) = try await read(node)
        #expect(texts == ["first", "second", "last"])
        #expect(span.lines == 3 && span.bytes == 15)
        #expect(span.first?.description == "2026-11-21T10:00:10.000000000Z")
        #expect(span.last?.description == "2026-11-21T10:00:59.999999999Z")
        #expect(span.coverage == .covered)
    }

    @Test func aFileThatBeginsAfterThePeriodIsPartlyCovered() async throws {
        let node = try LogNode([line(20, 0, "rotated"), line(21)])
        let (span, texts) = try await read(node, life: try life(started: "2026-11-21T09:00:00Z"))
        #expect(texts.count == 2)
        #expect(span.beginning.cause?.code == .partlyCovered)
        #expect(span.end == .covered)
    }

    @Test func aContainerThatBeganInThePeriodIsCoveredByItsFirstLine() async throws {
        let node = try LogNode([line(22, 0, "starting"), line(23)])
        let (span, _) = try await read(node, life: try life(started: "2026-11-21T10:00:21Z"))
        #expect(span.coverage == .covered)
        // A first line long after the start may be only the newest file's first.
        let late = try LogNode([line(50, 0, "not starting")])
        #expect(
            try await read(late, life: try life(started: "2026-11-21T10:00:21Z")).span.beginning.cause?.code
                == .partlyCovered)
        let empty = try LogNode([])
        #expect(
            try await read(empty, life: try life(started: "2026-11-21T10:00:21Z")).span.beginning.cause?.code
                == .partlyCovered)
    }

    @Test func aQuietPeriodIsCoveredWhereTheFileBeginsBefore() async throws {
        let node = try LogNode([line(1, 0, "long ago")])
        let (span, texts) = try await read(node, life: try life(started: "2026-11-21T09:00:00Z"))
        #expect(texts.isEmpty && span.lines == 0)
        #expect(span.coverage == .covered)
    }

    /// A node that is gone in the midst looks like the log's end; the next round goes on from the last line.
    @Test func whatBreaksOffInGoodOrderIsReadOn() async throws {
        let lines = (0..<200).map { line(5 + $0 / 4, $0 % 4, "line \($0)") }
        let whole = lines.map { $0.utf8.count + 1 }.reduce(0, +)
        let expected = (20..<200).map { "line \($0)" }
        for end in stride(from: 40, to: whole, by: 977) {
            let node = try LogNode(lines, troubles: [.endsEarly(end), .endsEarly(2000), .well])
            let (span, texts) = try await read(node)
            #expect(texts == expected, "broken off after \(end) bytes")
            #expect(span.coverage == .covered && span.lines == 180)
        }
    }

    @Test func aCutConnectionIsTakenUpAgain() async throws {
        let lines = (0..<200).map { line(5 + $0 / 4, $0 % 4, "line \($0)") }
        let node = try LogNode(lines, troubles: [.cut(3000)])
        let (span, texts) = try await read(node)
        #expect(texts == (20..<200).map { "line \($0)" })
        #expect(span.coverage == .covered)
        // Cut before the first line there is nothing to go on from.
        await #expect(throws: CouldNotLook.self) { try await read(try LogNode(lines, troubles: [.cut(10)])) }
    }

    @Test func linesOfOneNanosecondAreNeitherLostNorDoubled() async throws {
        let lines = [line(12, 7, "a"), line(12, 7, "b"), line(12, 7, "a"), line(12, 7, "a"), line(13, 0, "c")]
        for end in stride(from: 30, through: 200, by: 3) {
            let node = try LogNode([line(1)] + lines, troubles: [.endsEarly(end)])
            #expect(try await read(node).texts == ["a", "b", "a", "a", "c"], "after \(end) bytes")
        }
    }

    @Test func rotationWhileReadingIsSeen() async throws {
        let node = try LogNode([line(1), line(12, 0, "old")], troubles: [.well, .rotates([line(30, 0, "new")])])
        let (span, texts) = try await read(node)
        #expect(texts == ["old"])
        #expect(span.end.cause?.code == .partlyCovered)
    }

    @Test func linesThatAreWrittenMeanwhileAreReadToTheEndOfThePeriod() async throws {
        let node = try LogNode(
            [line(1), line(12, 0, "old")], troubles: [.well, .writes([line(50, 0, "new")]), .writes([line(61)])])
        let (span, texts) = try await read(node)
        #expect(texts == ["old", "new"])
        #expect(span.coverage == .covered)
    }

    @Test func aLogThatNeverEndsIsNotCovered() async throws {
        let node = try LogNode(
            [line(1), line(12)], troubles: [.well] + (0..<30).map { .writes([line(20 + $0, 0, "\($0)")]) })
        #expect(try await read(node).span.end.cause?.code == .partlyCovered)
        #expect(node.asked.count < 12)
    }

    @Test func wordsOfTheNodeAreNoLog() async throws {
        let words = Array("failed to try resolving symlinks in path: no such file or directory\n".utf8)
        let node = try LogNode([line(1)], troubles: [.says(words), .says(words)])
        let (span, texts) = try await read(node)
        #expect(texts.isEmpty)
        #expect(span.end.cause?.code == .partlyCovered)
    }

    @Test func aLineOfAHundredMegabytesIsCutAndCounted() async throws {
        let long = Array(line(20, 0, "ERROR ").utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: 100_000_000)
        let answer = Array((line(1) + "\n").utf8) + long + Array("\n\(line(21, 0, "next"))\n".utf8)
        let node = try LogNode([line(1)], troubles: [.says(answer), .says(answer)])
        let kept = Kept()
        let span = try await node.access(patience: .seconds(60)).logs(query()) { kept.add($0) }
        #expect(span.lines == 2 && span.cutLines == 1)
        #expect(kept.lines.map(\.bytes.count).max() ?? 0 <= LogLimits.line)
        #expect(kept.texts.last == "next")
        #expect(span.coverage == .covered)
    }

    @Test(arguments: [
        (403, "User \"x\" cannot get resource", Cause.Code.noPermission),
        (400, "container \"api\" in pod \"api-0\" is waiting to start: ContainerCreating", .noData),
        (500, "Get \"https://10.0.0.1:10250/containerLogs\": dial tcp: i/o timeout", .serverError),
        (502, "bad gateway", .serverError), (404, "pods \"api-0\" not found", .notFound),
    ])
    func refusalsHaveTheirCause(_ code: Int, _ message: String, _ expected: Cause.Code) async throws {
        let node = try LogNode([line(1)], troubles: [.refuses(code, message)])
        do {
            _ = try await read(node)
            Issue.record("it was read")
        } catch let error as CouldNotLook { #expect(error.cause.code == expected, "\(error)") }
    }

    @Test func bytesHaveABound() async throws {
        var query = query()
        query.byteLimit = 2000
        let node = try LogNode((0..<200).map { line(5 + $0 / 4, $0 % 4, "line \($0)") })
        let span = try await node.access().logs(query) { _ in }
        #expect(span.end.cause?.code == .tooLarge)
    }

    @Test func cancellationIsPrompt() async throws {
        let node = try LogNode([line(1)])
        node.server.on("/api/v1/namespaces/shop/pods/api-0/log") { _ in
            Answer(body: .trickle(Array(repeating: UInt8(ascii: "x"), count: 100_000), every: .milliseconds(20)))
        }
        let begun = Host.system.steady()
        let access = node.access()
        let query = query()
        let task = Task { try await access.logs(query) { _ in } }
        while node.server.requests.isEmpty { try? await Task.sleep(for: .milliseconds(2)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(Host.system.steady() - begun < .seconds(5))
        node.server.stop()
    }

    @Test func theDeadlineIsKept() async throws {
        let node = try LogNode([line(1)])
        node.server.on("/api/v1/namespaces/shop/pods/api-0/log", Answer(body: .silence))
        let begun = Host.system.steady()
        do {
            _ = try await node.access(patience: .milliseconds(300)).logs(query()) { _ in }
            Issue.record("it was read")
        } catch let error as CouldNotLook { #expect(error.cause.code == .timedOut) }
        #expect(Host.system.steady() - begun < .seconds(3))
    }
}
