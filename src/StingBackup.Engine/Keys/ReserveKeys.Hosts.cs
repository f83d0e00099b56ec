using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Keys;

/// <summary>Hosts that only write: another machine asks, the key role enrols it and gives it spares, and revokes it.</summary>
public sealed partial class ReserveKeys
{
    /// <summary>Whether the key role's public half lies here; a host that only writes has none.</summary>
    public bool HasKeyDirectory => _publicHalf is not null;

    /// <summary>What this machine would ask for; null when it has asked already and <paramref name="hostName"/> is not another.</summary>
    /// <exception cref="StingException"><c>KeysExist</c> when it is enrolled, <c>HostNameInvalid</c></exception>
    internal static HostRequest? FindRequest(KeyEnvironment environment, KeyOptions options, string hostName)
    {
        if (!HostRequest.IsHostName(hostName))
        {
            throw new StingException("HostNameInvalid", FailureKind.InvalidArgument, "A host's name has 1 to 253 characters, none of them a control character, and no space at its ends.", "HostName",
                "Give another name; it is for people alone.");
        }
        var path = HostKeys.PathOf(options);
        if (environment.Files.Read(path) is { } enrolled)
        {
            CryptographicOperations.ZeroMemory(enrolled);
            throw new StingException("KeysExist", FailureKind.AlreadyExists, $"'{path}' exists already: this host is enrolled.", path,
                "To enrol it anew, under a new writer id, move its key folder away first.");
        }
        using var pending = HostKeys.Read(environment.Files, HostKeys.PendingPathOf(options), KeyFileKind.HostPending);
        return pending is not null && pending.HostName == hostName ? HostRequest.Read(HostRequest.Write(pending), HostKeys.PendingPathOf(options)) : null;
    }

    /// <summary>Makes this machine's keys, unless it has asked under this name before, and its request. No private half leaves the machine.</summary>
    internal static byte[] MakeRequest(KeyEnvironment environment, KeyOptions options, string hostName)
    {
        _ = FindRequest(environment, options, hostName);
        var path = HostKeys.PendingPathOf(options);
        using var before = HostKeys.Read(environment.Files, path, KeyFileKind.HostPending);
        if (before?.HostName == hostName)
        {
            return HostRequest.Write(before);
        }
        using var host = HostKeys.GeneratePending(environment, hostName);
        var bytes = host.ToBytes(KeyFileKind.HostPending);
        environment.Files.MakeFolder(HostKeys.FolderOf(options));
        environment.Files.Replace(path, bytes);
        CryptographicOperations.ZeroMemory(bytes);
        return HostRequest.Write(host);
    }

    /// <summary>Enrols a host and makes its package; again for one that is enrolled with these very keys, whose package was lost or whose spares run low.</summary>
    /// <param name="reader">The key role, unlocked.</param>
    /// <param name="host">Who it is.</param>
    /// <param name="isNew">Whether an enrolment is signed; else the one that stands is left.</param>
    /// <param name="spares">How many spares it gets.</param>
    /// <param name="cancel">Stops it before anything is handed out.</param>
    internal async ValueTask<byte[]> EnrollAsync(SubjectReader reader, EnrolledWriter host, bool isNew, int spares, CancellationToken cancel)
    {
        var minted = await reader.Role.MintAsync(spares, cancel).ConfigureAwait(false);
        try
        {
            if (isNew)
            {
                Keep(reader, new WriterObject(ReserveId, 1, host, _environment.NowNs));
            }
            return HostPackage.Write(reader.Role.Keys.KeyRole, reader.Role.Public, host, reader.Role.Keys.DirectoryKey, minted, _environment.NowNs);
        }
        finally
        {
            foreach (var spare in minted)
            {
                spare.Dispose();
            }
        }
    }

    /// <summary>Signs that a writer counts up to a number and no further; the caller publishes it.</summary>
    internal async ValueTask RevokeAsync(SubjectReader reader, IObjectStore store, EnrolledWriter host, long lastGood, CancellationToken cancel)
    {
        var revision = await NewestRevisionAsync(store, host.Id, cancel).ConfigureAwait(false);
        Keep(reader, new WriterObject(ReserveId, revision + 1, host with { LastGoodSequence = lastGood }, _environment.NowNs));
    }

    private async ValueTask<uint> NewestRevisionAsync(IObjectStore store, Id16 host, CancellationToken cancel)
    {
        uint revision = 1;
        await foreach (var found in store.ListAsync(KeyObjectNames.WriterPrefix, cancel).ConfigureAwait(false))
        {
            revision = Math.Max(revision, RevisionIn(found.Name, host));
        }
        foreach (var (name, _) in _copies.All())
        {
            revision = Math.Max(revision, RevisionIn(name, host));
        }
        return revision;
    }

    /// <summary>
    /// Signs every claim anew that a writer made, as this host, from the key store: what bears a revoked writer's signature after that was made after it, and is refused.
    /// </summary>
    /// <param name="store">The repository.</param>
    /// <param name="reader">The key role, unlocked.</param>
    /// <param name="enrolled">Who is enrolled, the writer still among them: his signatures are checked once more.</param>
    /// <param name="writer">Whose claims.</param>
    /// <param name="cancel">Stops it between claims; a further call goes on.</param>
    /// <returns>Names of the claims, and what failed.</returns>
    internal async ValueTask<(IReadOnlyList<string> Names, IReadOnlyList<StingException> Faults)> TakeOverClaimsAsync(
        IObjectStore store, SubjectReader reader, EnrolledWriters enrolled, Id16 writer, CancellationToken cancel)
    {
        using var trusting = new EnrolledWriters(enrolled.All.Select(w => w.Id == writer ? w with { LastGoodSequence = null } : w), []);
        using var without = new EnrolledWriters(enrolled.All.Select(w => w.Id == writer ? w with { LastGoodSequence = 0 } : w), []);
        var (old, renewed) = (new ClaimReader(Host, Verifier, trusting), new ClaimReader(Host, Verifier, without));
        return await RemakeClaimsAsync(store, reader, old, renewed, claim => claim.Writer == writer, cancel).ConfigureAwait(false);
    }

    /// <summary>Takes a package in: the host's keys come into force the first time, and its spares go on the shelf; a package that was taken in before changes nothing.</summary>
    /// <param name="environment">Time, randomness, files.</param>
    /// <param name="options">Where keys lie.</param>
    /// <param name="pinned">The key role's fingerprint as the configuration has it: nothing else vouches for the package.</param>
    /// <param name="package">The package.</param>
    /// <param name="path">Where it lies, for people.</param>
    /// <param name="cancel">Stops it before spares are added.</param>
    /// <returns>How many spares were new.</returns>
    internal static async ValueTask<int> JoinAsync(KeyEnvironment environment, KeyOptions options, string? pinned, HostPackage package, string path, CancellationToken cancel)
    {
        CheckPackage(environment, options, pinned, package, path);
        using var present = HostKeys.Read(environment.Files, HostKeys.PathOf(options));
        using var pending = present is null ? HostKeys.Read(environment.Files, HostKeys.PendingPathOf(options), KeyFileKind.HostPending) : null;
        var (directoryKey, spares) = package.Open(present ?? pending!) ?? throw Foreign(package, path, "it does not open with this host's key");
        using (directoryKey)
        using (var verifier = new SignatureVerifier(package.Chain.Joined))
        {
            if (spares.FirstOrDefault(spare => !spare.Key.IsSignedBy(verifier, package.ReserveId)) is { } unsigned)
            {
                throw KeyFrame.Damaged(path, $"the key role did not sign spare {unsigned.Key.Pseudonym}");
            }
            if (package.Chain.Count > 1)
            {
                KeyRoleMemory.Write(environment.Files, options, package.Chain);
            }
            using var host = (present ?? pending!).Enrolled(package.ReserveId, directoryKey.Span, package.KeyRolePublicKey);
            if (present is null)
            {
                var bytes = host.ToBytes();
                environment.Files.Create(HostKeys.PathOf(options), bytes);
                CryptographicOperations.ZeroMemory(bytes);
            }
            using var shelf = await SpareShelf.OpenAsync(environment, host, HostKeys.FolderOf(options), cancel).ConfigureAwait(false);
            List<Spare> added = [.. spares.Where(spare => !shelf.Knows(spare.Key.Pseudonym))];
            shelf.Add(added);
            // Last: an interruption before it is mended by taking the package in again.
            environment.Files.Delete(HostKeys.PendingPathOf(options));
            return added.Count;
        }
    }

    /// <summary>Checks what can be known of a package before it is taken in. Changes nothing.</summary>
    /// <exception cref="StingException"><c>KeyRoleNotPinned</c>, <c>KeyRoleMismatch</c>, <c>HostRequestMissing</c>, <c>HostPackageForeign</c></exception>
    internal static void CheckPackage(KeyEnvironment environment, KeyOptions options, string? pinned, HostPackage package, string path)
    {
        if (string.IsNullOrEmpty(pinned))
        {
            throw new StingException("KeyRoleNotPinned", FailureKind.Refused, $"The configuration does not say which key role it trusts, so nothing vouches for '{path}'.", "repository.key_fingerprint",
                $"If the key role's machine shows {Fingerprint.Of(package.KeyRolePublicKey)}, write that as repository.key_fingerprint.");
        }
        CheckPin(package.Chain, path, pinned);
        using var host = HostKeys.Read(environment.Files, HostKeys.PathOf(options))
            ?? HostKeys.Read(environment.Files, HostKeys.PendingPathOf(options), KeyFileKind.HostPending)
            ?? throw new StingException("HostRequestMissing", FailureKind.NotFound, $"This machine has no keys in '{HostKeys.FolderOf(options)}', so no package can be for it.", HostKeys.FolderOf(options),
                "Run Register-StingHost -New here first, and take its request to the key role's machine.");
        if (package.WriterId != host.WriterId)
        {
            throw Foreign(package, path, string.Create(CultureInfo.InvariantCulture, $"it is for writer {package.WriterId}, this one is {host.WriterId}"));
        }
        if (host.ReserveId != default && (host.ReserveId != package.ReserveId || !package.Chain.Holds(host.KeyRolePublicKey)))
        {
            throw Foreign(package, path, "this host is enrolled in another reserve");
        }
    }

    private void Keep(SubjectReader reader, WriterObject enrolment) =>
        _copies.Keep(enrolment.ObjectName, enrolment.ToBytes(reader.Role.Keys.KeyRole));

    private static uint RevisionIn(string name, Id16 writer)
    {
        var first = KeyObjectNames.Writer(writer, 1);
        return name.StartsWith(first + ".", StringComparison.Ordinal)
            && uint.TryParse(name.AsSpan(first.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) && revision < uint.MaxValue ? revision : 0;
    }

    private static StingException Foreign(HostPackage package, string path, string why) => new(
        "HostPackageForeign", FailureKind.Refused, $"Package '{path}' is not for this host: {why}.", path,
        string.Create(CultureInfo.InvariantCulture, $"Take it to the host that writer {package.WriterId} is, or make one for this host with Register-StingHost on the key role's machine."));
}
