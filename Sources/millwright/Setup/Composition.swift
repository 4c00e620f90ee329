import ActionsBackups
import ActionsCertificates
import ActionsExternal
import ActionsHTTP
import ActionsHosts
import ActionsKubernetes
import ActionsLogs
import ActionsModels
import ActionsPostgreSQL
import ActionsRedis
import ActionsSecurity
import ArgumentParser
import ClientHTTP
import ClientKubernetes
import ClientObjectStore
import ClientPostgreSQL
import ClientPrograms
import ClientPrometheus
import ClientRedis
import ClientTLS
import Dispatching
import Engine
import Evidence
import FoundationEssentials
import Host
import Journal
import Maintenance
import Notices
import Plans
import PostgreSQLJournal
import SQLiteJournal
import Serving

/// The one place where the program is put together.
struct Composition {
    let host = Host.system

    let catalogue = Catalogue(
        actions: [
            PostgreSQLActions.all, RedisActions.all, HTTPActions.all, CertificateActions.all, HostActions.all,
            KubernetesActions.all, BackupActions.all, LogsActions.all, SecurityActions.all, ModelActions.all,
        ].flatMap { $0 },
        kinds: [
            TargetKindDefinition(PostgreSQLKind.self), TargetKindDefinition(RedisKind.self),
            TargetKindDefinition(HTTPKind.self), TargetKindDefinition(TLSKind.self),
            TargetKindDefinition(HostKind.self), TargetKindDefinition(KubernetesKind.self),
            TargetKindDefinition(S3Kind.self), TargetKindDefinition(PrometheusKind.self),
        ], channels: NoticeChannels.all, programs: ExternalActions.programs)

    /// The journal for writing: one process owns a file, and on a server the chains that it works on. Where a damaged
    /// one was set aside, all is held from then on.
    func journal(_ options: StoreOptions) async throws(JournalError) -> CheckpointedJournal {
        do throws(JournalError) {
            let store: any JournalStore =
                switch try options.place(host) {
                case .file(let path): try await SQLiteJournal.writer(at: path, host: host)
                case .server(let url): try await sharedJournal(at: url, options)
                }
            do throws(JournalError) { return try await guarded(store, options) } catch {
                await store.close()
                throw error
            }
        } catch {
            if let name = error.setAside {
                try hold(options, because: "the journal was damaged; it is kept as \(name)")
                try stateFiles(options).write(JournalMark(nil, at: host.now()))
            }
            throw error
        }
    }

    /// The journal for reading, beside whoever owns it.
    func reader(_ options: StoreOptions) async throws(JournalError) -> any JournalStore {
        switch try options.place(host) {
        case .file(let path): try await SQLiteJournal.reader(at: path)
        case .server(let url): try await PostgreSQLJournal.reader(at: url, host: host)
        }
    }

    /// Where procedures stand that hang on facts and agreements; where there is no journal yet, nothing was seen.
    func standings(of plans: [Plan], _ options: StoreOptions) async throws -> [ProcedureKey: Standing] {
        guard plans.contains(where: { $0.procedures.contains { $0.hangsOn != nil } }) else { return [:] }
        let isThere = FileManager.default.fileExists(atPath: try options.path(host))
        let journal: any JournalStore = isThere ? try await reader(options) : MemoryJournal()
        return try await doing {
            try await Prospects(store: journal, host: host, catalogue: catalogue).standings(of: plans)
        } finally: {
            await journal.close()
        }
    }

    /// The file of holds, beside the journal.
    func holds(_ options: StoreOptions) throws(JournalError) -> HoldFile {
        let journal = URL(filePath: try options.path(host))
        return HoldFile(path: journal.deletingLastPathComponent().appending(path: "holds.json").path, on: host)
    }

    /// The folder in which people leave their word, beside the journal.
    func inbox(_ options: StoreOptions) throws(JournalError) -> Inbox {
        let journal = URL(filePath: try options.path(host))
        return Inbox(path: journal.deletingLastPathComponent().appending(path: "inbox").path, on: host)
    }

    /// - Parameter observeOnly: Also a run that is taken over and began to change things changes nothing more.
    func driver(
        _ store: any JournalStore, _ observer: RunObserver, held holds: HoldFile?, inbox: Inbox?,
        observeOnly: Bool = false
    ) -> RunDriver {
        let observing = Cause(.held, "Millwright only observes here, and changes nothing.")
        return RunDriver(
            host: host, catalogue: catalogue, store: store, observer: observer,
            held: { observeOnly && $0.observeOnly != true ? observing : holds?.cause(for: $0) }, inbox: inbox,
            endLeftChildren: { [host] run, known in
                try await Programs.endLeftChildren(of: run, known: known, on: host)
            })
    }

    /// The plan, or its mistakes on stderr and exit code 65.
    func plan(_ path: String) throws -> Plan {
        do throws(PlanErrors) { return try PlanLoader.load(path: path, host: host, catalogue: catalogue) } catch {
            Output.diagnostic(error.description)
            throw ExitStatus.wrongPlan
        }
    }

    func runnable(
        _ plan: Plan, _ procedure: String, environment: String?, inputs: [String: String]
    ) throws -> RunPlan {
        do throws(PlanErrors) {
            return try plan.runnable(
                procedure: procedure, environment: environment, inputs: inputs, catalogue: catalogue)
        } catch {
            Output.diagnostic(error.description)
            throw ExitStatus.wrongPlan
        }
    }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }
