import Host
import Maintenance
import Synchronization
import Testing

@testable import ClientKubernetes

/// A container's log through its restarts.
struct PodLogsTests {
    /// A pod whose container has this status.
    private func pod(_ status: String, uid: String = "u1") throws -> (KubernetesObject, String) {
        let text = """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"api-0","namespace":"shop","uid":"\(uid)"},
            "spec":{"containers":[{"name":"api"}]},
            "status":{"phase":"Running","containerStatuses":[{"name":"api",\(status)}]}}
            """
        return (KubernetesObject(try KubernetesJSON.read(Array(text.utf8))), text)
    }

    private func running(_ started: String, restarts: Int, previous: (String, String)? = nil) -> String {
        let last = previous.map {
            #","lastState":{"terminated":{"containerID":"c0","startedAt":"\#($0.0)","finishedAt":"\#($0.1)"}}"#
        }
        return #""restartCount":\#(restarts),"containerID":"c1","state":{"running":{"startedAt":"\#(started)"}}"#
            + (last ?? "")
    }

    private func read(_ node: LogNode, _ status: String) async throws -> (span: LogSpan, texts: [String]) {
        let (pod, text) = try pod(status)
        node.state.withLock { $0.pod = $0.pod ?? text }
        let kept = Kept()
        let query = PodLogQuery(
            container: "api", since: instant("2026-11-21T10:00:10Z"), until: instant("2026-11-21T10:01:00Z"))
        let span = try await node.access().logs(of: pod, query) { kept.add($0) }
        return (span, kept.texts)
    }

    @Test func theLogBeforeARestartCountsToo() async throws {
        let node = try LogNode(
            [line(31, 0, "again")], previous: [line(1, 0, "early"), line(20, 0, "ERROR"), line(29, 0, "dying")])
        let status = running(
            "2026-11-21T10:00:30Z", restarts: 1, previous: ("2026-11-21T09:00:00Z", "2026-11-21T10:00:29Z"))
        let (span, texts) = try await read(node, status)
        #expect(texts == ["ERROR", "dying", "again"])
        #expect(span.lines == 3 && span.coverage == .covered)
    }

    @Test func aPreviousLogThatIsGoneLeavesAGap() async throws {
        let node = try LogNode([line(31, 0, "again")])
        let status = running(
            "2026-11-21T10:00:30Z", restarts: 1, previous: ("2026-11-21T09:00:00Z", "2026-11-21T10:00:29Z"))
        let (span, texts) = try await read(node, status)
        #expect(texts == ["again"])
        #expect(span.beginning.cause?.code == .partlyCovered)
    }

    @Test func ofManyRestartsOnlyTwoLogsAreLeft() async throws {
        let node = try LogNode([line(31, 0, "again")], previous: [line(21, 0, "before")])
        let status = running(
            "2026-11-21T10:00:30Z", restarts: 5, previous: ("2026-11-21T10:00:20Z", "2026-11-21T10:00:29Z"))
        let (span, texts) = try await read(node, status)
        #expect(texts == ["before", "again"])
        #expect(span.beginning.cause?.code == .partlyCovered)
    }

    @Test func aRestartBeforeThePeriodDoesNotMatter() async throws {
        let node = try LogNode([line(1), line(20, 0, "now")], previous: [line(0, 0, "long ago")])
        let status = running(
            "2026-11-21T09:30:00Z", restarts: 7, previous: ("2026-11-21T09:00:00Z", "2026-11-21T09:29:00Z"))
        let (span, texts) = try await read(node, status)
        #expect(texts == ["now"] && span.coverage == .covered)
        #expect(!node.asked.contains { $0.contains("previous") })
    }

    /// While a container waits to be started again, the API has one log under both names.
    @Test func aCrashLoopsLogIsNotCountedTwice() async throws {
        let lines = [line(1), line(20, 0, "ERROR")]
        let node = try LogNode(lines, previous: lines)
        let status = """
            "restartCount":1,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
            "lastState":{"terminated":{"containerID":"c0","startedAt":"2026-11-21T10:00:00Z",
            "finishedAt":"2026-11-21T10:00:21Z"}}
            """
        let (span, texts) = try await read(node, status)
        #expect(texts == ["ERROR"])
        #expect(span.lines == 1)
    }

    @Test func aRestartMeanwhileIsSeen() async throws {
        let node = try LogNode([line(1), line(20, 0, "now")])
        let later = try pod(running("2026-11-21T10:00:30Z", restarts: 1)).1
        node.state.withLock { $0.pod = later }
        let (span, _) = try await read(node, running("2026-11-21T09:00:00Z", restarts: 0))
        #expect(span.end.cause?.code == .partlyCovered)
        let other = try LogNode([line(1), line(20, 0, "now")])
        let replaced = try pod(running("2026-11-21T09:00:00Z", restarts: 0), uid: "u2").1
        other.state.withLock { $0.pod = replaced }
        #expect(
            try await read(other, running("2026-11-21T09:00:00Z", restarts: 0)).span.end.cause?.code == .partlyCovered)
    }

    @Test func aContainerThatNeverStartedHasNoLog() async throws {
        let node = try LogNode([])
        do {
            _ = try await read(node, #""restartCount":0,"state":{"waiting":{"reason":"ContainerCreating"}}"#)
            Issue.record("it was read")
        } catch let error as CouldNotLook {
            #expect(error.cause.code == .noData)
            #expect(error.cause.sentence.contains("ContainerCreating"))
        }
    }
}
