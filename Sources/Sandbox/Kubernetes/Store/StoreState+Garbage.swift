import Host

/// Deletion: grace, finalizers, and what becomes of the dependents.
extension StoreState {
    mutating func delete(_ resource: APIResource, _ key: ObjectKey, _ options: DeleteOptions) throws -> Deletion {
        guard let old = objects[key] else { throw KubernetesStatus.notFound(resource, key.name) }
        try check(options, old, resource, key)
        if options.dryRun { return .gone(old) }
        var object = old
        let dependents = dependents(of: old.uid)
        var finalizers = old.finalizers
        let propagation = options.propagation ?? (resource == .jobs ? .orphan : .background)
        if propagation == .foreground, !dependents.isEmpty, !finalizers.contains("foregroundDeletion") {
            finalizers.append("foregroundDeletion")
        }
        object[path: ["metadata", "finalizers"]] = finalizers.isEmpty ? nil : .array(finalizers.map(JSON.string))
        let grace = gracePeriod(of: old, resource, options)
        let mustWait = grace > 0 || !finalizers.isEmpty || (resource == .namespaces && hasContent(old))
        if mustWait {
            let first = !old.isBeingDeleted
            if first {
                object[path: ["metadata", "deletionTimestamp"]] = .string((clock.now() + .seconds(grace)).timestamp)
                if object.generation > 0 { object[path: ["metadata", "generation"]] = .int(old.generation + 1) }
            }
            if first || grace < old["metadata"]?["deletionGracePeriodSeconds"]?.int ?? grace {
                object[path: ["metadata", "deletionGracePeriodSeconds"]] = resource == .namespaces ? nil : .int(grace)
                if !first {
                    object[path: ["metadata", "deletionTimestamp"]] = .string((clock.now() + .seconds(grace)).timestamp)
                }
            }
            if resource == .namespaces { object[path: ["status", "phase"]] = "Terminating" }
            if object != old { object = commit(object, resource, key) }
            if propagation == .foreground { deleteDependents(of: object, foreground: true) }
            return .pending(object)
        }
        if propagation == .orphan { release(dependentsOf: old) }
        let last = remove(key, resource) ?? old
        if propagation != .orphan { deleteDependents(of: old, foreground: false) }
        afterRemoval(of: last)
        return .gone(last)
    }

    private func check(_ options: DeleteOptions, _ old: JSON, _ resource: APIResource, _ key: ObjectKey) throws {
        if let uid = options.uid, uid != old.uid {
            throw KubernetesStatus.conflict(
                resource, key.name,
                "the UID in the precondition (\(uid)) does not match the UID in record (\(old.uid)). The object might "
                    + "have been deleted and then recreated")
        }
        if let asked = options.resourceVersion, asked != old["metadata"]?["resourceVersion"]?.string {
            throw KubernetesStatus.conflict(
                resource, key.name,
                "the ResourceVersion in the precondition (\(asked)) does not match the ResourceVersion in record "
                    + "(\(old.resourceVersion ?? 0)). The object might have been modified")
        }
    }

    /// Only a pod that a node has gets time to end.
    private func gracePeriod(of object: JSON, _ resource: APIResource, _ options: DeleteOptions) -> Int {
        guard resource == .pods, !(object["spec"]?["nodeName"]?.string ?? "").isEmpty else { return 0 }
        let phase = object["status"]?["phase"]?.string
        if options.gracePeriod == nil, phase == "Succeeded" || phase == "Failed" { return 0 }
        return options.gracePeriod ?? object["spec"]?["terminationGracePeriodSeconds"]?.int ?? 30
    }

    private func hasContent(_ namespace: JSON) -> Bool {
        !(namespace["spec"]?["finalizers"]?.array ?? []).isEmpty
    }

    /// Nothing keeps an object any more that was waiting for its finalizers.
    func isFinished(_ object: JSON, _ resource: APIResource) -> Bool {
        if resource == .namespaces { return !hasContent(object) }
        if resource == .pods { return object["metadata"]?["deletionGracePeriodSeconds"]?.int ?? 0 == 0 }
        return true
    }

    mutating func finish(_ key: ObjectKey, _ resource: APIResource) {
        guard let last = remove(key, resource) else { return }
        deleteDependents(of: last, foreground: false)
        afterRemoval(of: last)
    }

    /// A dependent goes when no other owner of it is left.
    private mutating func deleteDependents(of owner: JSON, foreground: Bool) {
        for key in (owned[owner.uid] ?? []).sorted() {
            guard let dependent = objects[key], let resource = resource(of: key) else { continue }
            let others = dependent.owners.filter { reference in
                let uid = reference["uid"]?.string ?? ""
                return uid != owner.uid && uids[uid] != nil
            }
            if others.isEmpty {
                let propagation: DeleteOptions.Propagation = foreground ? .foreground : .background
                if !dependent.isBeingDeleted { _ = try? delete(resource, key, DeleteOptions(propagation: propagation)) }
            } else {
                var kept = dependent
                kept[path: ["metadata", "ownerReferences"]] = .array(others)
                _ = commit(kept, resource, key)
            }
        }
        if foreground { finishForeground(uid: owner.uid) }
    }

    private mutating func release(dependentsOf owner: JSON) {
        for key in (owned[owner.uid] ?? []).sorted() {
            guard var dependent = objects[key], let resource = resource(of: key) else { continue }
            let others = dependent.owners.filter { $0["uid"]?.string != owner.uid }
            dependent[path: ["metadata", "ownerReferences"]] = others.isEmpty ? nil : .array(others)
            _ = commit(dependent, resource, key)
        }
    }

    /// An owner that waits in the foreground goes with its last blocking dependent.
    private mutating func afterRemoval(of object: JSON) {
        for owner in object.owners { finishForeground(uid: owner["uid"]?.string ?? "") }
    }

    private mutating func finishForeground(uid: String) {
        guard let key = uids[uid], var owner = objects[key], let resource = resource(of: key),
            owner.isBeingDeleted, owner.finalizers.contains("foregroundDeletion")
        else { return }
        let isBlocked = dependents(of: uid).contains { dependent in
            dependent.owners.contains { $0["uid"]?.string == uid && $0["blockOwnerDeletion"]?.bool == true }
        }
        guard !isBlocked else { return }
        let rest = owner.finalizers.filter { $0 != "foregroundDeletion" }
        owner[path: ["metadata", "finalizers"]] = rest.isEmpty ? nil : .array(rest.map(JSON.string))
        _ = commit(owner, resource, key)
        if rest.isEmpty, isFinished(owner, resource) { finish(key, resource) }
    }

    /// A new object whose owners all do not exist does not stay.
    mutating func collectOrphan(_ key: ObjectKey) {
        guard let object = objects[key], !object.owners.isEmpty, let resource = resource(of: key) else { return }
        let isOwned = object.owners.contains { reference in
            guard let owner = uids[reference["uid"]?.string ?? ""] else { return false }
            return owner.name == reference["name"]?.string
        }
        if !isOwned { _ = try? delete(resource, key, DeleteOptions(propagation: .background)) }
    }
}
