using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;

namespace StingBackup.Engine.Recovery;

/// <summary>
/// The first step from an empty machine: with the shares of an escrow, the configuration comes back from any tier of the repository. It asks for nothing that is lost: no configuration, no keys, no state.
/// </summary>
public static class ConfigurationRecovery
{
    /// <summary>What would be written. Opens the escrow, wipes what it held, changes nothing.</summary>
    /// <exception cref="StingException">What is wrong with the shares; what keeps the store shut; <c>ConfigurationCopyMissing</c>, <c>ConfigurationExists</c>, <c>ConfigurationInvalid</c></exception>
    public static async ValueTask<ConfigurationImportPlan> PlanAsync(ConfigurationImportRequest request, TimeProvider clock, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        return (await PrepareAsync(request, clock, cancel).ConfigureAwait(false)).Plan;
    }

    /// <summary>Writes the file.</summary>
    /// <exception cref="StingException">As <see cref="PlanAsync"/>; <c>ConfigurationNotWritable</c></exception>
    public static async ValueTask<ConfigurationImportResult> RunAsync(ConfigurationImportRequest request, TimeProvider clock, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (plan, writer) = await PrepareAsync(request, clock, cancel).ConfigureAwait(false);
        writer.WriteNew(plan.ConfigurationFile);
        return new ConfigurationImportResult
        {
            ConfigurationFile = plan.ConfigurationFile, Chosen = plan.Chosen, ReserveId = plan.ReserveId, KeyFingerprint = plan.KeyFingerprint, Changed = plan.Changed,
            MissingFiles = plan.SecretFiles.Where(file => !File.Exists(file)).ToArray(),
            Next = "Put back the files that it names and that hold secrets, and a copy of the key store and an epoch place from the other site. Then Import-StingKeyEscrow brings the keys back.",
        };
    }

    private static async ValueTask<(ConfigurationImportPlan Plan, ConfigurationWriter Writer)> PrepareAsync(ConfigurationImportRequest request, TimeProvider clock, CancellationToken cancel)
    {
        var host = new HostView();
        using var found = EscrowFolder.Read(request.Path);
        var (escrow, keys) = found.Open();
        using var opened = keys;
        await using var store = await StoreFactory.OpenAsync(Reaching(request, host), clock, cancel).ConfigureAwait(false);
        var copies = await CopiesAsync(store, escrow, keys, cancel).ConfigureAwait(false);
        var (chosen, content) = Choose(copies, request.HostName, store.Location);
        var file = Place(request.ConfigurationFile, content.File, host);
        if (host.FileExists(file))
        {
            throw new StingException("ConfigurationExists", FailureKind.AlreadyExists, $"There is a configuration file {file} already; nothing was changed.", file,
                "Move it away where it is none of this reserve's, or name another place with -ConfigPath (--config).");
        }
        var loader = new ConfigurationLoader(host);
        var kept = loader.ExamineText(content.Text, file);
        kept.Require();
        var writer = kept.ToWriter().Note($"Brought back from {store.Location}: the configuration of {chosen}.");
        GivenSettings.Apply(request.Setting, file, host, writer);
        var warnings = new List<string>();
        Point(request.Location, kept.Configuration!, writer, warnings);
        Pin(escrow, keys, kept.Configuration!, writer);
        var examined = loader.ExamineText(writer.Render(), file);
        var configuration = examined.Require();
        return (new ConfigurationImportPlan
        {
            Location = store.Location, Path = request.Path, EscrowId = escrow.Id.ToString(), ReserveId = escrow.ReserveId.ToString(), KeyFingerprint = escrow.KeyFingerprint, Chosen = chosen, Found = copies.Select(c => c.Kept).ToArray(),
            ConfigurationFile = file, Changed = ChangesOf(kept, examined), BackupRoot = configuration.Repository.BackupRoot, Reserve = configuration.Reserve.Path, KeyDirectory = configuration.Keys.Directory,
            KeyPlaces = configuration.Keys.Replicas.Concat(configuration.Keys.EpochPlaces).ToArray(), SecretFiles = SecretFilesOf(examined), Warnings = warnings.ToArray(),
        }, writer);
    }

    /// <summary>As much of a configuration as it takes to open the store.</summary>
    private static StingConfiguration Reaching(ConfigurationImportRequest request, HostView host)
    {
        var file = Path.Combine(host.CurrentDirectory, ConfigurationLocator.YamlName + ".recovery");
        var writer = new ConfigurationWriter().Set(Settings.BackupRoot, request.Location).Set(Settings.ReservePath, Path.Combine(Path.GetTempPath(), "sting-no-reserve"));
        GivenSettings.Apply(request.Setting.Where(s => s.Key.StartsWith("remote.", StringComparison.Ordinal) || s.Key.StartsWith("archive.", StringComparison.Ordinal) || s.Key.StartsWith("key_vault.", StringComparison.Ordinal)
            || s.Key.StartsWith("vault.", StringComparison.Ordinal) || s.Key is "state_directory"), file, host, writer);
        return new ConfigurationLoader(host).ExamineText(writer.Render(), file).Require();
    }

    private static async ValueTask<List<(KeptConfiguration Kept, ConfigurationContent Content)>> CopiesAsync(IObjectStore store, SealedEscrow escrow, PrivateHalf keys, CancellationToken cancel)
    {
        var chain = escrow.Chain ?? KeyRoleChain.Of(keys.KeyRole.PublicKey.ToArray());
        var nowhere = new SignedCopies(new DiskKeyFiles(TimeProvider.System), KeyOptions.Of(Path.Combine(Path.GetTempPath(), "sting-no-keys"), Path.GetTempPath(), [], []));
        var faults = new List<StingException>();
        await new RepositoryHead(nowhere, escrow.ReserveId, chain.Joined, (next, _) => (chain = chain.ExtendedBy(next)).Joined).LoadFormatAsync(store, faults, cancel).ConfigureAwait(false);
        using var writers = await new RepositoryHead(nowhere, escrow.ReserveId, chain.Joined).LoadWritersAsync(store, cancel).ConfigureAwait(false);
        using var key = ReserveKeys.ConfigurationKeyOf(keys.DirectoryKey);
        var newest = new Dictionary<Id16, (KeptConfiguration Kept, ConfigurationContent Content)>();
        await foreach (var item in store.ListAsync(ConfigurationCopy.Prefix, cancel).ConfigureAwait(false))
        {
            try
            {
                var copy = ConfigurationCopy.Read(item.Name, await store.ReadAllAsync(item.Name, cancel).ConfigureAwait(false), escrow.ReserveId, writers.SigningKeyOf);
                var content = copy.Open(key);
                var writer = writers.Find(copy.Writer)!;
                newest[copy.Writer] = (new KeptConfiguration
                {
                    HostName = content.HostName, WriterId = copy.Writer.ToString(), Revision = copy.Revision, Time = NanosecondTime.FromNs(copy.CreatedNs, 0), File = content.File,
                    MayMaintain = writer.MayMaintain, IsRevoked = writer.LastGoodSequence is not null,
                }, content);
            }
            catch (StingException damaged) when (damaged.Kind is FailureKind.Integrity or FailureKind.NotSupported)
            {
                faults.Add(damaged);   // names come in order: the one before it holds
            }
        }
        return newest.Count > 0 ? [.. newest.Values.OrderByDescending(c => c.Kept.Time)] : throw new StingException("ConfigurationCopyMissing", FailureKind.NotFound,
            $"No copy of a configuration of reserve {escrow.ReserveId} lies in {store.Location}{(faults.Count > 0 ? $" that can be read ({faults[^1].Message})" : "")}.", store.Location,
            "Look on another tier. Where the backups are of a version that kept none, write a configuration by hand (docs/recovery.md, bare start) and go on with Import-StingKeyEscrow.", faults.Count > 0 ? faults[^1] : null);
    }

    /// <summary>The host that was named; else the one that may maintain the repository, and of several the newest. A revoked one only by its name: it may have been a thief's.</summary>
    private static (KeptConfiguration Kept, ConfigurationContent Content) Choose(List<(KeptConfiguration Kept, ConfigurationContent Content)> copies, string? hostName, string location)
    {
        var candidates = hostName is null ? copies.Where(c => !c.Kept.IsRevoked) : copies.Where(c => c.Kept.HostName.Equals(hostName, StringComparison.OrdinalIgnoreCase) || c.Kept.WriterId == hostName);
        var chosen = candidates.OrderByDescending(c => c.Kept.MayMaintain).ThenByDescending(c => c.Kept.Time).FirstOrDefault();
        return chosen.Kept is not null ? chosen : throw new StingException("ConfigurationCopyMissing", FailureKind.NotFound,
            $"{location} has no copy of a configuration of {hostName ?? "a host that is not revoked"}. It has: {string.Join("; ", copies.Select(c => c.Kept.ToString()))}.", hostName ?? location, "Name one of these with -HostName (--host-name).");
    }

    /// <summary>The place that is named, else the one it had where that is one of the usual, else the usual one.</summary>
    private static string Place(string? named, string had, HostView host) => new ConfigurationLocator(host).PathForNew(named ?? (had.StartsWith("/etc/sting/", StringComparison.Ordinal) && !had.EndsWith(".sh", StringComparison.Ordinal) ? had : null));

    /// <summary>A bucket that the configuration does not know takes the place of the one that it was copied to.</summary>
    private static void Point(string location, StingConfiguration kept, ConfigurationWriter writer, List<string> warnings)
    {
        static string Plain(string place) => place.TrimEnd('/');
        if (((string?[])[kept.Repository.BackupRoot, kept.RemoteLocation, kept.ArchiveLocation]).Any(place => place is not null && Plain(place) == Plain(location)))
        {
            return;
        }
        if (kept.RemoteLocation is not null && !location.StartsWith("glacier:", StringComparison.Ordinal))
        {
            writer.Set(Settings.RemoteLocation, location);
            warnings.Add($"The configuration names {kept.RemoteLocation} as its remote tier; {location}, which it does not name, takes its place.");
        }
        else
        {
            writer.Set(Settings.BackupRoot, location);
            warnings.Add($"The configuration names {kept.Repository.BackupRoot} as its first tier; {location}, which it does not name, takes its place.");
        }
    }

    /// <summary>Whom to trust is what the shares say, where the copy says nothing.</summary>
    private static void Pin(SealedEscrow escrow, PrivateHalf keys, StingConfiguration kept, ConfigurationWriter writer)
    {
        writer.Set(Settings.ReserveId, escrow.ReserveId.ToString());
        if (kept.Repository.KeyFingerprint is null)
        {
            writer.Set(Settings.KeyFingerprint, Fingerprint.Of(keys.KeyRole.PublicKey.Span));
        }
    }

    private static string[] ChangesOf(ExaminedConfiguration before, ExaminedConfiguration after)
    {
        var was = before.Texts().ToDictionary(StringComparer.Ordinal);
        return [.. after.Texts().Where(now => was[now.Key] != now.Value).Select(now => $"{now.Key}: {(was[now.Key].Length > 0 ? was[now.Key] : "none")} becomes {(now.Value.Length > 0 ? now.Value : "none")}")];
    }

    /// <summary>Files of passwords, tokens and certificates, by the names of the settings: the configuration holds where they are, and nothing of them.</summary>
    private static string[] SecretFilesOf(ExaminedConfiguration examined) =>
    [
        .. examined.Describe().Where(s => s.Value is not null && (s.Key.EndsWith("_file", StringComparison.Ordinal) || s.Key.EndsWith("_files", StringComparison.Ordinal)) && s.Source != "default")
            .SelectMany(s => s.Value is string one ? [one] : s.Value is IEnumerable<string> many ? many : []).Distinct(StringComparer.Ordinal),
    ];
}
