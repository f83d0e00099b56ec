using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine;

/// <summary>
/// One protected installation as a job sees it: the reserve, the repository's store, the host's write side of the keys, folders, limits.
/// Made once from a configuration; every job gets it, nothing reaches for anything else.
/// </summary>
public sealed class Installation : IAsyncDisposable
{
    /// <summary>The reserve's id.</summary>
    public required Id16 Reserve { get; init; }
    /// <summary>The folder that is protected.</summary>
    public required string ReserveRoot { get; init; }
    /// <summary>Which class and subject a path belongs to.</summary>
    public required ReserveMap Map { get; init; }
    /// <summary>The local tier.</summary>
    public required IObjectStore Store { get; init; }
    /// <summary>This host's writer.</summary>
    public required Id16 Writer { get; init; }
    /// <summary>This host's signing key.</summary>
    public required ISigner Signer { get; init; }
    /// <summary>The write side of subjects' keys.</summary>
    public required ISubjectWriter Subjects { get; init; }
    /// <summary>Enrolled writers.</summary>
    public required EnrolledWriters Writers { get; init; }
    /// <summary>32 bytes that encrypt the host's cache.</summary>
    public required ReadOnlyMemory<byte> CacheKey { get; init; }
    /// <summary>Opens the read side of the keys: asks for the passphrase where one is needed, once.</summary>
    public required Func<CancellationToken, ValueTask<ISubjectReader>> UnlockAsync { get; init; }
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

    /// <summary>Writers whose chunks this host deduplicates against: itself.</summary>
    public IReadOnlySet<Id16> TrustedWriters => new HashSet<Id16> { Writer };

    /// <summary>Nanoseconds since 1970 UTC, now.</summary>
    public long NowNs => ToNs(Clock.GetUtcNow());

    internal string JournalFolder => Path.Combine(StateFolder, "journals", Reserve.ToString());

    internal string CachePath(DataClass dataClass) => Path.Combine(CacheFolder, Reserve.ToString(), $"{dataClass}.cache");

    internal WriterIdentity IdentityOf(long sequence) => new(Reserve, Writer, sequence, Signer);

    /// <summary>Only one run a host and reserve at a time.</summary>
    /// <exception cref="StingException"><c>BackupRunning</c></exception>
    internal IDisposable LockHost()
    {
        var folder = Path.Combine(StateFolder, "locks");
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{Reserve}.lock");
        try
        {
            // FileShare.None takes an advisory lock that the system drops with the process, however it ends.
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new StingException("BackupRunning", FailureKind.Busy, "Another backup of this reserve runs on this host.", path,
                "Wait for it, or stop it; the lock ends with its process.", e);
        }
    }

    /// <summary>Nanoseconds since 1970 UTC.</summary>
    public static long ToNs(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>A moment from nanoseconds since 1970 UTC, at an offset in minutes.</summary>
    public static DateTimeOffset FromNs(long nanoseconds, int offsetMinutes) =>
        (DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(nanoseconds / 100)).ToOffset(TimeSpan.FromMinutes(offsetMinutes));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Writers.Dispose();
        Random.Dispose();
        await Store.DisposeAsync().ConfigureAwait(false);
    }
}
