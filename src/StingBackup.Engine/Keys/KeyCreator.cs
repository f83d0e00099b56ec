using System.Buffers.Binary;
using System.Formats.Cbor;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// Makes a new reserve's keys. <c>reserve.init</c> names the reserve that was begun, so that the next try can remove what an interrupted one left, and only that.
/// Its last step turns that file into <c>reserve.pub</c>, which puts the keys in force: nothing that is in force has a <c>reserve.init</c> beside it.
/// </summary>
internal sealed class KeyCreator(KeyEnvironment environment, KeyOptions options)
{
    private const string UnfinishedName = "reserve.init";
    private const string LockName = "reserve.init.lock";
    private const uint FirstEpoch = 1;

    private readonly SignedCopies _copies = new(environment.Files, options);

    /// <summary>Whether an interrupted try left something.</summary>
    public static bool IsUnfinished(IKeyFiles files, KeyOptions options) => files.Read(Path.Combine(options.KeyDirectory, UnfinishedName)) is not null;

    /// <summary>Plans; changes nothing.</summary>
    /// <exception cref="StingException"><c>KeysExist</c>, <c>KeyPlacesInvalid</c>, <c>KeysInSource</c>, <c>KeysUnderBackupRoot</c></exception>
    public KeyPlan Plan(KeyCreation creation)
    {
        var warnings = new List<string>(KeyPlaces.Check(options));
        warnings.AddRange(KeyPlaces.CheckVolumes(options));
        using var vault = options.KeyVault?.Invoke(environment.Clock);
        if (!creation.WithPassphrase && vault is null)
        {
            warnings.Add($"The key file in '{options.KeyDirectory}' has no passphrase: whoever can read it, an epoch place and the key store can read every backup.");
        }
        List<string> paths = [.. SecretPaths(), PathInDirectory(PublicHalf.FileName), _copies.PathOf(KeyObjectNames.Format(1)), _copies.PathOf(KeyObjectNames.Format(2))];
        if (!IsUnfinished(environment.Files, options) && paths.Find(Exists) is { } existing)
        {
            throw Exist(existing);
        }
        return new KeyPlan { Options = options, Creation = creation, Files = paths, Spares = creation.KnownSubjects + (creation.Spares ?? options.Spares), Warnings = warnings, WrappedBy = vault?.Name };
    }

    /// <summary>Executes a plan.</summary>
    public async ValueTask CreateAsync(KeyPlan plan, SecretBytes? passphrase, CancellationToken cancel)
    {
        var files = environment.Files;
        files.MakeFolder(options.KeyDirectory);
        using var held = await files.LockAsync(PathInDirectory(LockName), cancel).ConfigureAwait(false);
        RemoveUnfinished();
        if (Plan(plan.Creation).Files.FirstOrDefault(Exists) is { } existing)
        {
            throw Exist(existing);
        }
        var reserveId = environment.NewId();
        using var fileKey = SecretBytes.Random(PrivateHalfFile.FileKeySize, environment.Random);
        var wrapped = await new PrivateHalfWriter(environment, options).WrapAsync(fileKey, reserveId, cancel).ConfigureAwait(false);   // before anything is made: a Vault that refuses leaves nothing behind
        files.Create(Marker, KeyFrame.Write(KeyFileKind.Unfinished, reserveId.ToArray()));
        var privateHalf = PrivateHalf.Generate(environment.Random, options.Suite);
        var publicHalf = new PublicHalf
        {
            ReserveId = reserveId, KekPublicKey = privateHalf.Kek.PublicKey.ToArray(), KekGeneration = privateHalf.KekGeneration,
            KeyRolePublicKey = privateHalf.KeyRole.PublicKey.ToArray(), CreatedNs = environment.NowNs,
        };
        using var role = new KeyRole(environment, options, publicHalf, privateHalf);
        CreateOrRefuse(PathInDirectory(PrivateHalfFile.FileName), wrapped is null
            ? PrivateHalfFile.Write(privateHalf, reserveId, passphrase, plan.Creation.Work, environment.Random)
            : PrivateHalfFile.WriteWrapped(privateHalf, reserveId, fileKey, wrapped, environment.Random));
        KeyStore.Create(environment, options, reserveId, privateHalf.KeyRole);
        using var host = HostKeys.Generate(environment, reserveId, plan.Creation.HostName, privateHalf.DirectoryKey.Span, publicHalf.KeyRolePublicKey);
        role.Enroll(host, _copies);
        using (var shelf = await SpareShelf.OpenAsync(environment, host, HostKeys.FolderOf(options), cancel).ConfigureAwait(false))
        {
            shelf.Add(await role.MintAsync(plan.Spares, cancel).ConfigureAwait(false));
        }
        var format = new FormatObject
        {
            ReserveId = reserveId, Revision = 1, CreatedNs = publicHalf.CreatedNs, KekFingerprint = Fingerprint.Of(publicHalf.KekPublicKey), Program = FormatFeatures.FirstProgram,
        }.ToBytes(privateHalf.KeyRole);
        _copies.Keep(KeyObjectNames.Format(1), format);
        _copies.Keep(KeyObjectNames.Format(2), format);
        files.Replace(Marker, publicHalf.ToBytes(privateHalf.KeyRole));
        files.Rename(Marker, PathInDirectory(PublicHalf.FileName));
    }

    /// <summary>Removes what an interrupted try left: files that bear its reserve id. What is in force is never touched.</summary>
    private void RemoveUnfinished()
    {
        var files = environment.Files;
        if (files.Read(Marker) is not { } marker || Exists(PathInDirectory(PublicHalf.FileName)))
        {
            return;
        }
        var begun = ReserveOf(marker, Marker) ?? throw KeyFrame.Damaged(Marker, "it does not say which reserve was begun");
        var hostPath = HostKeys.PathOf(options);
        var isOurHost = files.Read(hostPath) is { } host && ReserveOf(host, hostPath) == begun;
        foreach (var path in SecretPaths())
        {
            if (files.Read(path) is { } bytes && (ReserveOf(bytes, path) == begun || (isOurHost && Path.GetDirectoryName(path) == HostKeys.FolderOf(options))))
            {
                files.Delete(path);
            }
        }
        foreach (var (name, _) in _copies.All().ToList())
        {
            files.Delete(_copies.PathOf(name));
        }
        foreach (var folder in SecretPaths().Select(path => Path.GetDirectoryName(path)!).Distinct())
        {
            RemoveTemporaries(folder);
        }
        files.Delete(Marker);
    }

    /// <summary>A write that was cut off leaves its temporary file, and a secret with it.</summary>
    private void RemoveTemporaries(string folder)
    {
        foreach (var name in environment.Files.List(folder) ?? [])
        {
            if (name.StartsWith('.') && name.EndsWith(".tmp", StringComparison.Ordinal))
            {
                environment.Files.Delete(Path.Combine(folder, name));
            }
        }
    }

    /// <summary>Every secret file of a new reserve; the host's own last, since it tells whose the log of spares is.</summary>
    private List<string> SecretPaths() =>
    [
        PathInDirectory(PrivateHalfFile.FileName),
        .. options.EpochPlaces.Select(place => Path.Combine(place, EpochSecrets.NameOf(FirstEpoch))),
        .. options.KeyStoreReplicas.Select(replica => Path.Combine(replica, RecordFile.NameOf(FirstEpoch))),
        .. options.KeyStoreReplicas.Select(replica => Turns.PathOf(replica, FirstEpoch)),
        .. SpareShelf.PathsIn(HostKeys.FolderOf(options)),
        HostKeys.PathOf(options),
    ];

    /// <summary>The reserve that a key file says it belongs to, or none where it cannot be told.</summary>
    private static Id16? ReserveOf(byte[] bytes, string path)
    {
        try
        {
            var kind = KindOf(bytes);
            return kind switch
            {
                KeyFileKind.Records or KeyFileKind.EpochSecret or KeyFileKind.Unfinished => new Id16(KeyFrame.Read(bytes, kind, path).Span),
                KeyFileKind.Host or KeyFileKind.Spares => new Id16(KeyFrame.Read(bytes, kind, path).Span[2..]),
                KeyFileKind.PrivateHalf => IdInMap(KeyFrame.Read(bytes, kind, path)),
                KeyFileKind.Turn or KeyFileKind.PublicHalf => IdInMap(KeyFrame.ReadSigned(bytes, kind, path, (_, _, _) => true)),   // whose it claims to be is all that matters here
                _ => null,
            };
        }
        catch (Exception unreadable) when (unreadable is StingException or CborContentException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static KeyFileKind KindOf(byte[] bytes) => bytes.Length >= KeyFrame.HeaderSize ? (KeyFileKind)BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8)) : 0;

    private static Id16 IdInMap(ReadOnlyMemory<byte> payload) =>
        new(new CborFields(payload, "", (why, inner) => KeyFrame.Damaged("", why, inner)).Bytes(2, Id16.Size));

    private void CreateOrRefuse(string path, byte[] bytes)
    {
        var created = environment.Files.Create(path, bytes);
        CryptographicOperations.ZeroMemory(bytes);
        if (!created)
        {
            throw Exist(path);
        }
    }

    private string Marker => PathInDirectory(UnfinishedName);

    private bool Exists(string path) => environment.Files.Read(path) is not null;

    private string PathInDirectory(string name) => Path.Combine(options.KeyDirectory, name);

    private static StingException Exist(string path) => new(
        "KeysExist", FailureKind.AlreadyExists, $"'{path}' exists already: keys of a reserve stand there.", path,
        "Use them as they are, or choose other places: what stands there may be the only way to read another reserve's backups.");
}
