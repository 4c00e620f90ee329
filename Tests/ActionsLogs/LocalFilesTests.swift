import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsLogs

/// Old local files go when the store has given the same bytes back, and never otherwise.
struct LocalFilesTests {
    /// A folder with an old archive, a young one, and what else may lie there.
    private func folder() throws -> String {
        let folder = try Scratch.folder()
        func make(_ name: String, _ text: String, days: Double) throws {
            let path = folder + "/" + name
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            let modified = Date(timeIntervalSinceNow: -days * 86_400)
            try FileManager.default.setAttributes([.modificationDate: modified], ofItemAtPath: path)
        }
        try make("app-20260101.log.gz", "old", days: 100)
        try make("app-20261120.log.gz", "young", days: 2)
        try make("app-20260101.log", "not compressed", days: 100)
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/link.log.gz", withDestinationPath: folder + "/app-20260101.log")
        return folder
    }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    private func with(_ body: (Bench, WorkUnit, String) async throws -> Void) async throws {
        let folder = try folder()
        try await Bench.with(["directory": .text(folder)]) { bench in
            bench.logs.pods = [Bench.pod("worker-0", [(5, "x")])]
            let units = try await bench.preview().units.filter { $0.attributes["file"] != nil }
            #expect(units.map(\.title) == ["app-20260101.log.gz"])
            try await body(bench, try #require(units.first), folder)
        }
    }

    @Test func anOldFileIsStoredReadBackAndDeleted() async throws {
        try await with { bench, unit, folder in
            guard case .applied(let proof) = try await bench.archive(unit) else {
                Issue.record("not proven")
                return
            }
            #expect(proof.measurements.map(\.value) == [1, 3])
            #expect(bench.server.bytes(of: "gl008/app-20260101.log.gz", in: bench.bucket) == Array("old".utf8))
            #expect(try names(folder) == ["app-20260101.log", "app-20261120.log.gz", "link.log.gz"])
        }
    }

    @Test func whatIsStoredAlreadyIsOnlyReadBack() async throws {
        try await with { bench, unit, folder in
            try bench.server.place(Array("old".utf8), at: "gl008/app-20260101.log.gz", in: bench.bucket)
            guard case .applied = try await bench.archive(unit) else {
                Issue.record("not proven")
                return
            }
            #expect(try !names(folder).contains(unit.title))
        }
    }

    @Test func otherBytesInTheStoreKeepTheFile() async throws {
        try await with { bench, unit, folder in
            try bench.server.place(Array("odd".utf8), at: "gl008/app-20260101.log.gz", in: bench.bucket)
            let baseline = try await bench.prepare(unit)
            #expect(await thrown { try await bench.apply(unit, baseline) }?.isFailure == true)
            #expect(try names(folder).contains(unit.title))
            #expect(try await bench.probe(unit, baseline) == .pending)
        }
    }

    @Test func aFileThatIsWrittenToMeanwhileStays() async throws {
        try await with { bench, unit, folder in
            let baseline = try await bench.prepare(unit)
            try Data("new".utf8).write(to: URL(fileURLWithPath: folder + "/" + unit.title))
            #expect(await thrown { try await bench.apply(unit, baseline) }?.isFailure == true)
            #expect(try names(folder).contains(unit.title))
            #expect(bench.server.bytes(of: "gl008/app-20260101.log.gz", in: bench.bucket) == nil)
        }
    }

    @Test func aFileThatIsGoneWithoutACopyIsNoPass() async throws {
        try await with { bench, unit, folder in
            let baseline = try await bench.prepare(unit)
            try FileManager.default.removeItem(atPath: folder + "/" + unit.title)
            guard case .unknown = try await bench.probe(unit, baseline) else {
                Issue.record("it passed")
                return
            }
        }
    }
}
