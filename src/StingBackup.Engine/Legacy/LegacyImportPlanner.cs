using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources.PostgreSql;

namespace StingBackup.Engine.Legacy;

/// <summary>What a look at an archive has shown.</summary>
/// <param name="Hash">SHA-256 of the packed tar, before encryption: the archive's identity.</param>
/// <param name="Contents">What it amounts to; null when it is refused.</param>
/// <param name="KeptVolumes">Volumes that are damaged.</param>
/// <param name="Failure">Why it is refused, or null.</param>
internal sealed record ExaminedArchive(byte[] Hash, LegacyContents? Contents, IReadOnlySet<string> KeptVolumes, StingException? Failure);

/// <summary>
/// Looks at archives, one after the other, each read once from its beginning to its end, so that what is damaged is found before anything is written. Changes nothing.
/// </summary>
public sealed class LegacyImportPlanner
{
    private readonly Installation _installation;
    private readonly Dictionary<string, string> _imported;
    private readonly List<LegacyArchive> _archives = [];

    private LegacyImportPlanner(Installation installation, Dictionary<string, string> imported) => (_installation, _imported) = (installation, imported);

    /// <summary>Errors of the archives that are refused, in the order in which they were given.</summary>
    public IReadOnlyList<StingException> Failures => [.. _archives.Select(a => ((ExaminedArchive)a.Examined!).Failure).OfType<StingException>()];

    /// <summary>The plan so far.</summary>
    public LegacyImportPlan Plan => new()
    {
        Repository = _installation.Store.Location,
        Archives = _archives.OrderBy(a => a.Time ?? DateTimeOffset.MaxValue).ThenBy(a => a.Path, StringComparer.Ordinal).ToArray(),   // an array: PowerShell indexes no other list that C# makes of [.. ]
    };

    /// <summary>Begins a plan: reads which archives were imported already. Needs no key.</summary>
    public static async ValueTask<LegacyImportPlanner> BeginAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Import-StingLegacyBackup");
        ArgumentNullException.ThrowIfNull(installation);
        return new LegacyImportPlanner(installation, await ImportedAsync(installation, cancel).ConfigureAwait(false));
    }

    /// <summary>What is said of a path that leads nowhere.</summary>
    public static StingException NotFound(string path, Exception? cause = null) => LegacyErrors.NotFound(path, cause);

    /// <summary>The archives in a folder of STING's backups, by name.</summary>
    /// <exception cref="StingException"><c>LegacyArchiveNotFound</c>, <c>LegacyArchiveUnreadable</c></exception>
    public static IReadOnlyList<string> ArchivesIn(string folder)
    {
        try
        {
            var found = Directory.EnumerateFiles(folder).Where(f => LegacyFormat.IsArchiveName(Path.GetFileName(f))).Order(StringComparer.Ordinal).ToList();
            return found.Count > 0 ? found : throw LegacyErrors.NotFound(Path.Combine(folder, "sting_backup_*.tar.gz"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LegacyErrors.Unreadable(folder, e);
        }
    }

    /// <summary>Looks at one more archive; one that cannot be read stands in the plan as refused.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="passphrase">Opens it where it is encrypted; the caller keeps it.</param>
    /// <param name="cancel">Cancels.</param>
    public void Add(string path, SecretBytes? passphrase, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(path);
        path = Path.GetFullPath(path);
        if (_archives.All(a => a.Path != path))
        {
            _archives.Add(Examine(path, passphrase, cancel));
        }
    }

    /// <summary>Runs by the hash of the archive that each was made of.</summary>
    internal static async ValueTask<Dictionary<string, string>> ImportedAsync(Installation installation, CancellationToken cancel)
    {
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        var imported = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var point in view.Backups.Select(p => p.Record))
        {
            if (point.Origin is { } origin)
            {
                imported.TryAdd(origin.Hash.ToString(), point.Name);
            }
        }
        return imported;
    }

    /// <summary>Reads an archive to its end.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="passphrase">Opens it.</param>
    /// <param name="spool">Takes contents, or null.</param>
    /// <param name="kept">Volumes to be kept as files; null while looking.</param>
    /// <param name="cancel">Cancels.</param>
    internal static (LegacyTree Tree, byte[] Hash, bool IsEncrypted) Read(string path, SecretBytes? passphrase, CaptureSpool? spool, IReadOnlySet<string>? kept, CancellationToken cancel)
    {
        using var file = LegacyArchiveFile.Open(path, passphrase);
        var (tree, hash) = new LegacyReader(path, spool, new LegacyLimits(path, file.Length), cancel) { KeptVolumes = kept }.Read(file.Packed);
        file.CompareChecksum(hash);
        return (tree, hash, file.IsEncrypted);
    }

    private LegacyArchive Examine(string path, SecretBytes? passphrase, CancellationToken cancel)
    {
        try
        {
            var (tree, hash, encrypted) = Read(path, passphrase, null, null, cancel);
            var contents = LegacyContents.Of(path, tree, _installation.Users, _installation.Zone);
            var id = _imported.GetValueOrDefault(Convert.ToHexStringLower(hash));
            // The same archive under two names is imported once.
            var twin = _archives.FirstOrDefault(a => a.State == LegacyArchiveState.Importable && ((ExaminedArchive)a.Examined!).Hash.AsSpan().SequenceEqual(hash));
            return new LegacyArchive
            {
                Path = path, State = id is null && twin is null ? LegacyArchiveState.Importable : LegacyArchiveState.AlreadyImported, Time = contents.Time, ArchiveLength = new FileInfo(path).Length,
                Length = contents.Length, Items = contents.Items, IsEncrypted = encrypted, Classes = contents.Classes, BackupId = id, Folder = LegacyFormat.Mount + "/" + contents.Stem,
                Holds = contents.Holds, Lacks = contents.Lacks, Notes = twin is null ? contents.Notes : [.. contents.Notes, $"It is the same archive as {twin.Path}."],
                Examined = new ExaminedArchive(hash, contents, tree.DamagedVolumes.Keys.ToHashSet(StringComparer.Ordinal), null),
            };
        }
        catch (StingException e)
        {
            return new LegacyArchive
            {
                Path = path, State = LegacyArchiveState.Refused, ArchiveLength = LengthOf(path), IsEncrypted = e.Kind == FailureKind.Authentication, Problem = $"{e.Message} {e.Remedy}",
                Examined = new ExaminedArchive([], null, new HashSet<string>(), e),
            };
        }
    }

    private static long LengthOf(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true } file ? file.Length : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
