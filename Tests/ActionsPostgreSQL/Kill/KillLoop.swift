import ActionsPostgreSQL
import ClientPostgreSQL
import Foundation
import Host
import Maintenance

/// Does a change unit by unit, loses its session at one moment after the other, and goes on each time as `resume` does.
struct KillLoop<C: Change>: Sendable where C.Kind == PostgreSQLKind {
    typealias Finish = @Sendable (C, WorkUnit, C.Baseline, PostgreSQLAccess, Context) async throws -> Void

    let change: C
    let bench: Bench
    /// How a unit that is half done is gone on with; without it that is a failure.
    var repair: Finish?

    init(_ bench: Bench, _ empty: C, _ parameters: PlanValue, repair: Finish? = nil) throws {
        change = try C.parameters.decode(parameters, of: C.declaration.name, into: empty)
        self.bench = bench
        self.repair = repair
    }

    /// Each cut costs a unit; where units run out the preview is asked for more. Returns the proofs, and the cuts that
    /// came before the work was over.
    func run(_ cuts: [Cut]) async throws -> (proofs: [Proof], met: Int) {
        let (client, killer) = (try bench.client(), try bench.client())
        defer {
            client.close()
            killer.close()
        }
        var proofs: [Proof] = []
        var met = 0
        var units: [WorkUnit] = []
        for cut in cuts {
            if units.isEmpty {
                let preview = try await change.preview(access(client, .look), in: bench.context())
                guard preview.findings.allSatisfy({ $0.severity == .warn }) else { throw Blocked(preview.findings) }
                units = preview.units
            }
            guard !units.isEmpty else { throw OutOfUnits() }
            let unit = units.removeFirst()
            let context = bench.context(unit: unit.id)
            let baseline = try await change.prepare(unit, access(client, .look), in: context)
            let driver = CutDriver(client, killer: killer, cut)
            do {
                try await change.apply(
                    unit, since: baseline, PostgreSQLAccess(driver, for: .change, in: context), in: context)
            } catch is CouldNotLook {} catch is ChangeFailed {}
            if driver.wasCut { met += 1 }
            proofs.append(try await resume(unit, baseline, client, cut))
        }
        return (proofs, met)
    }

    /// As the engine does after a crash: looks, and does what is left to do. What comes in the way at one moment, a lock
    /// or a parent of an orphan, is met again or not at the next.
    private func resume(
        _ unit: WorkUnit, _ baseline: C.Baseline, _ client: PostgreSQLClient, _ cut: Cut
    ) async throws -> Proof {
        var last = "it never came to an end"
        for _ in 0..<30 {
            let context = bench.context(unit: unit.id)
            do {
                switch try await change.probe(unit, since: baseline, access(client, .look), in: context) {
                case .applied(let proof): return proof
                case .running: try await Host.system.sleep(.milliseconds(50))
                case .pending: try await change.apply(unit, since: baseline, access(client, .change), in: context)
                case .partial(let what):
                    guard let repair else { throw LeftHalf(what: "\(cut): \(what)") }
                    try await repair(change, unit, baseline, access(client, .change), context)
                case .unknown(let cause): throw LeftHalf(what: "\(cut): \(cause.sentence)")
                }
            } catch let error as ChangeFailed {
                last = error.cause.sentence
            } catch let error as CouldNotLook {
                last = error.cause.sentence
            }
        }
        throw LeftHalf(what: "\(cut): \(last)")
    }

    private func access(_ client: PostgreSQLClient, _ purpose: Purpose) -> PostgreSQLAccess {
        PostgreSQLAccess(client, for: purpose, in: bench.context())
    }
}

struct OutOfUnits: Error {}
struct LeftHalf: Error { let what: String }
struct Blocked: Error {
    let findings: [Finding]
    init(_ findings: [Finding]) { self.findings = findings }
}

extension Cut {
    /// Every round trip up to the last, each lost before and after.
    static func each(_ roundTrips: ClosedRange<Int>) -> [Cut] {
        roundTrips.flatMap { [Cut(roundTrip: $0, moment: .before), Cut(roundTrip: $0, moment: .after)] }
    }

    /// At moments drawn from a seed, in the midst of the work.
    static func drawn(_ count: Int, seed: UInt64, roundTrips: ClosedRange<Int>) -> [Cut] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            Cut(
                roundTrip: Int.random(in: roundTrips, using: &generator),
                moment: .during(.microseconds(Int64.random(in: 0...40_000, using: &generator))))
        }
    }

    /// More of them with `DATA_KILLS=N`, as `make proof` asks.
    static let long = ProcessInfo.processInfo.environment["DATA_KILLS"].flatMap { Int($0) }
}
