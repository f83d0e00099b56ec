using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Limits;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine;

/// <summary>What lets a host write: no right to read anything back.</summary>
/// <param name="Writer">Its writer's id.</param>
/// <param name="Signer">Its signing key.</param>
/// <param name="Subjects">The write side of subjects' keys.</param>
/// <param name="CacheKey">32 bytes that encrypt its cache.</param>
public sealed record HostRole(Id16 Writer, ISigner Signer, ISubjectWriter Subjects, ReadOnlyMemory<byte> CacheKey);

/// <summary>
/// One protected installation as a job sees it: the reserve, the repository's store, the host's write side of the keys, folders, limits.
/// Made once from a configuration; every job gets it, nothing reaches for anything else.
/// </summary>
public sealed partial class Installation : IAsyncDisposable
{
    /// <summary>The reserve's id.</summary>
    public required Id16 Reserve { get; init; }
    /// <summary>The folder that is protected.</summary>
    public required string ReserveRoot { get; init; }
    /// <summary>Opens a folder that is read; a test may put something between.</summary>
    internal Func<string, ISourceTree> OpenSource { get; init; } = DirectorySource.Open;
    /// <summary>What is read besides the reserve's folder.</summary>
    internal IReadOnlyList<ReserveSource> FurtherSources { get; init; } = [];
    /// <summary>Who brought which document into a jar; null where no database tells.</summary>
    internal JarContributors? Contributors { get; init; }
    /// <summary>Which class and subject a path belongs to.</summary>
    public required ReserveMap Map { get; init; }
    /// <summary>Who is behind folders and e-mail addresses.</summary>
    public UsersMap Users { get; init; } = UsersMap.Empty;
    /// <summary>The host's folders and their room.</summary>
    internal IHostView HostView { get; init; } = new HostView();
    /// <summary>Opens what is restored to; a test may put something between.</summary>
    internal Func<string, IRestoreTarget> OpenTarget { get; init; } = DirectoryRestoreTarget.Open;
    /// <summary>The configuration that it was opened from; null in tests that build one by hand.</summary>
    public StingConfiguration? Configuration { get; init; }
    /// <summary>The keys that it was opened with; null in tests that build one by hand.</summary>
    public ReserveKeys? Keys { get; init; }
    /// <summary>Damaged format objects and enrolments met while opening; copies served instead.</summary>
    public IReadOnlyList<StingException> OpeningFaults { get; init; } = [];
    /// <summary>Why this program may read the repository and not write it; null where it may.</summary>
    internal StingException? Unwritable { get; init; }
    /// <summary>The local tier.</summary>
    public required IObjectStore Store { get => _store; init => _store = value; }
    /// <summary>This host's right to write; null where it has no keys of its own and can only read.</summary>
    public required HostRole? Host { get; init; }
    /// <summary>Enrolled writers.</summary>
    public required EnrolledWriters Writers { get => _writers; init => _writers = value; }
    /// <summary>Who was erased from the reserve's backups.</summary>
    public ErasureLedger Ledger { get; init; } = ErasureLedger.Empty;
    /// <summary>Opens the read side of the keys: asks for the passphrase where one is needed, once.</summary>
    public required Func<CancellationToken, ValueTask<ISubjectReader>> UnlockAsync { get => _unlockAsync; init => _unlockAsync = value; }
    /// <summary>The same, with what opens the key file; null in tests that build one by hand.</summary>
    internal Func<CancellationToken, ValueTask<(SubjectReader Reader, SecretBytes? Secret)>>? UnlockWithSecretAsync { get => _unlockWithSecretAsync; init => _unlockWithSecretAsync = value; }
    internal ExaminedConfiguration? Examined { get; private set; }
    private Unlocking? Unlocked { get; init; }
    /// <summary>Whether an audit record can be signed without asking anybody for a passphrase.</summary>
    internal bool CanSign => Host is not null || Unlocked is null or { IsOpen: true };
    /// <summary>The host's state: journals, locks.</summary>
    public required string StateFolder { get; init; }
    /// <summary>The host's cache.</summary>
    public required string CacheFolder { get; init; }
    /// <summary>Readers at work at once.</summary>
    public required int Threads { get; init; }
    /// <summary>zstd level, 1 to 19.</summary>
    public required int ZstdLevel { get; init; }
    /// <summary>Zone of backup ids and of days.</summary>
    public required TimeZoneInfo Zone { get; init; }
    /// <summary>The clock.</summary>
    public required TimeProvider Clock { get; init; }
    /// <summary>Source of random bytes.</summary>
    public RandomNumberGenerator Random { get; init; } = RandomNumberGenerator.Create();

    /// <summary>This host's writer.</summary>
    /// <exception cref="StingException"><c>HostNotEnrolled</c></exception>
    public Id16 Writer => RequireHost().Writer;
    /// <summary>This host's signing key.</summary>
    public ISigner Signer => RequireHost().Signer;
    /// <summary>The write side of subjects' keys.</summary>
    public ISubjectWriter Subjects => RequireHost().Subjects;
    /// <summary>32 bytes that encrypt the host's cache.</summary>
    public ReadOnlyMemory<byte> CacheKey => RequireHost().CacheKey;

    /// <summary>Writers whose chunks this host deduplicates against: itself.</summary>
    public IReadOnlySet<Id16> TrustedWriters => new HashSet<Id16> { Writer };

    /// <summary>Who may do what, and how many others must approve it.</summary>
    public AccessPolicy Access { get; init; } = AccessPolicy.None;
    /// <summary>Who acts, by which approval, and why.</summary>
    public Caller Caller { get => _caller; init => _caller = value; }
    /// <summary>The process that its jobs run in.</summary>
    public HostingProcess Process { get; init; } = HostingProcess.Session;
    /// <summary>Holds jobs to their limits; a test has its own.</summary>
    internal LimitKeeper Limits { get; init; } = LimitKeeper.OfProcess;
    /// <summary>Takes what everybody should hear at once; the job at hand sets it.</summary>
    internal Action<string>? Alarm { get; set; }
    /// <summary>Takes what the caller should hear where no job runs that could tell it.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>How runs are watched for ransomware and mass damage.</summary>
    public AnomalyOptions Guarding { get; init; } = AnomalyOptions.Default;

    /// <summary>How a journal of changes is used; null where runs scan everything.</summary>
    internal Changes.ChangeJournalOptions? Journal { get; init; }

    /// <summary>A hash of all that decides what a scan takes and whose it is: settings, the users map, this program. Null where the settings are not known by their text.</summary>
    internal string? ScanSettings => Examined is null && Configuration is not null ? null : Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n',
        [Journal?.Settings ?? "", typeof(Installation).Module.ModuleVersionId.ToString(), Writer.ToString(), .. Examined?.Texts().Select(t => $"{t.Key}={t.Value}") ?? [], .. Users.Entries.Select(e => $"{e}")]))));

    /// <summary>How long an erasure can be stopped.</summary>
    public TimeSpan ErasureDelay { get; init; } = TimeSpan.FromDays(7);
    /// <summary>Every data class, the one that goes first first.</summary>
    public IReadOnlyList<DataClass> Priority { get; init; } = ScheduleSettings.Priority.Default;
    /// <summary>From which age on temporary files are left out of runs; zero for none.</summary>
    public TimeSpan TempFilesAge { get; init; }
    /// <summary>How long captures of whole servers are kept.</summary>
    public TimeSpan PhysicalRetention { get; init; } = TimeSpan.FromDays(14);

    /// <summary>How long restore points are kept; the strategy's table where nothing else is configured.</summary>
    public RetentionSettings Retention { get; init; } = new(Settings.LocalDays.Default, Settings.RemoteDays.Default, Settings.ArchiveDays.Default, Settings.ClassDays.ToDictionary(c => c.Key, c => c.Value.Default));

    /// <summary>How long readers that began before may still need a pack that no restore point reaches.</summary>
    public TimeSpan PruneGrace { get; init; } = TimeSpan.FromHours(PruneSettings.GraceHours.Default);
    /// <summary>Share of a pack, 0 to 1, that may be unneeded before it is written anew.</summary>
    public double MaxWaste { get; init; } = PruneSettings.MaxWaste.Default / 100.0;

    /// <summary>Tells what restore drills have shown; null where the repository's evidence does.</summary>
    internal IDrillEvidence? Drills { get; init; }

    /// <summary>How long packs become.</summary>
    internal PackSizes PackSizes { get; init; } = PackSizes.Default;

    /// <summary>How the archive tier is filled, aged and thawed.</summary>
    public ArchiveOptions Archiving { get; init; } = ArchiveOptions.Default;

    /// <summary>Told when a drill has loaded rows into its server; a test may change some.</summary>
    internal Func<PostgresSettings, Task>? DrillLoaded { get; set; }

    /// <summary>How often a restore that waits asks how the packs are.</summary>
    internal TimeSpan ThawPoll { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Nanoseconds since 1970 UTC, now.</summary>
    public long NowNs => NanosecondTime.ToNs(Clock.GetUtcNow());

    /// <summary>All that is read.</summary>
    internal IReadOnlyList<ReserveSource> Sources => [FolderSource, .. FurtherSources];

    /// <summary>The reserve's folder can hold any class: without it there is no whole point of any.</summary>
    private ReserveSource FolderSource => new()
    {
        Name = "the reserve's folder", Location = ReserveRoot, Folder = ReserveRoot, Mount = EntryPath.Root, Classes = Enum.GetValues<DataClass>().ToHashSet(),
        Place = Contributors is { } contributors ? (path, kind) => contributors.Place(path, kind, Map.Classify(path, kind)) : Map.Classify,
        OpenAsync = (_, _) => ValueTask.FromResult(OpenSource(ReserveRoot)), OpenTarget = (plan, _, _) => OpenTarget(plan.Destination),
    };

    /// <summary>Plain folders of the reserve, in the order in which a journal of changes numbers them.</summary>
    internal IReadOnlyList<(string Folder, EntryPath Mount)> WatchedFolders => [.. Sources.Where(s => s.Folder is not null).Select(s => (s.Folder!, s.Mount))];

    /// <summary>Where its jobs are noted; null for one without configuration, as tests make them by hand.</summary>
    internal JobPlace? JobPlace => Configuration is { } configuration ? JobPlace.Of(configuration, Clock) : null;

    internal string JournalFolder => Path.Combine(StateFolder, "journals", Reserve.ToString());

    internal string CachePath(DataClass dataClass) => Path.Combine(CacheFolder, Reserve.ToString(), $"{dataClass}.cache");

    /// <summary>Whether points, drops and index fragments that this host has read are kept in its cache: where each is a request to a bucket.</summary>
    internal bool Recalls { get => _recalls ?? Storage.S3.S3Address.IsAddress(Store.Location); init => _recalls = value; }

    private readonly bool? _recalls;

    /// <summary>What this host keeps of its store's objects; null where it keeps none.</summary>
    internal ObjectRecall? OpenRecall() => !Recalls ? null
        : new ObjectRecall(Path.Combine(CacheFolder, Reserve.ToString(), "recall", Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Store.Location)).AsSpan(0, 8))));

    /// <summary>Signatures that this host has found valid; null in tests that build one by hand.</summary>
    internal SignatureMemory? Signatures { get; private set; }

    internal WriterIdentity IdentityOf(long sequence) => new(Reserve, Writer, sequence, Signer);

    private HostRole RequireHost() => Host ?? throw new StingException("HostNotEnrolled", FailureKind.NotFound, "This host has no keys of its own: it can read, but not write.", StateFolder,
        "Put the host's state folder back, or run Repair-StingRepository with the key file's passphrase: it enrols the host anew.");

    /// <summary>Only one run a host and reserve at a time.</summary>
    /// <exception cref="StingException"><c>BackupRunning</c></exception>
    internal IDisposable LockHost()
    {
        var folder = Path.Combine(StateFolder, "locks");
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{Reserve}.lock");
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                // FileShare.None takes an advisory lock that the system drops with the process, however it ends.
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < 5)
            {
                // Somebody may only have looked whether a backup runs, which takes the lock for a moment.
                Thread.Sleep(20);
            }
            catch (IOException e)
            {
                throw new StingException("BackupRunning", FailureKind.Busy, "Another backup of this reserve runs on this host.", path,
                    "Wait for it, or stop it; the lock ends with its process.", e);
            }
        }
    }

    /// <summary>Whether a backup (or repair) of this reserve runs on this host now.</summary>
    internal bool IsBackupRunning()
    {
        try
        {
            LockHost().Dispose();
            return false;
        }
        catch (StingException e) when (e.ErrorId == "BackupRunning")
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Host?.Subjects is IAsyncDisposable subjects)
        {
            await subjects.DisposeAsync().ConfigureAwait(false);
        }
        Signatures?.Save();
        Unlocked?.Dispose();
        Writers.Dispose();
        Random.Dispose();
        Keys?.Dispose();
        await CloseTiersAsync().ConfigureAwait(false);
        await Store.DisposeAsync().ConfigureAwait(false);
    }
}
