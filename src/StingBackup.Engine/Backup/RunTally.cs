using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Backup;

/// <summary>
/// What restore points cannot tell of a host's runs: those that failed before they could announce themselves, and how many in a row committed nothing. In <c>state/runs/</c>; what is lost of it is
/// told again by the next runs.
/// </summary>
internal sealed record RunTally
{
    private const int Most = 2000;

    /// <summary>Runs that began since the last one that committed; one that goes on now is among them.</summary>
    public int Begun { get; init; }
    /// <summary>Why the last one that failed did; empty where it could not say.</summary>
    public string LastFailure { get; init; } = "";
    /// <summary>When runs failed of which the repository knows nothing.</summary>
    public DateTimeOffset[] Unannounced { get; init; } = [];

    /// <summary>What is noted; nothing where there is no such file.</summary>
    public static RunTally Read(Installation installation) => StateFile.Read<RunTally>(PathOf(installation)) ?? new RunTally();

    /// <summary>Runs in a row that committed nothing, without the one that goes on.</summary>
    public int Failures(bool isRunning) => Math.Max(0, Begun - (isRunning ? 1 : 0));

    private static string PathOf(Installation installation) => Path.Combine(installation.StateFolder, "runs", $"{installation.Reserve}.json");

    /// <summary>One run, from its beginning to its end. That nothing can be noted is told, and keeps nobody from backing up.</summary>
    internal sealed class Entry(Installation installation, JobOutput output)
    {
        private bool _begun, _announced;

        /// <summary>The run has the host's lock: it is an attempt.</summary>
        public void Begin()
        {
            _begun = true;
            Note(tally => tally with { Begun = tally.Begun + 1, LastFailure = "" });
        }

        /// <summary>The repository knows of it: should it die, its number gets a void point.</summary>
        public void Announce() => _announced = true;

        public void Complete() => Note(tally => new RunTally { Unannounced = Recent(tally.Unannounced) });

        public void Fail(Exception failure)
        {
            if (failure is StingException { ErrorId: "BackupRunning" })
            {
                return;   // another one runs: this was no attempt
            }
            if (!_begun)
            {
                Begin();
            }
            Note(tally => tally with
            {
                LastFailure = failure is OperationCanceledException ? "It was stopped." : failure.Message,
                Unannounced = _announced ? tally.Unannounced : [.. Recent(tally.Unannounced), installation.Clock.GetUtcNow()],
            });
        }

        private DateTimeOffset[] Recent(DateTimeOffset[] times)
        {
            var since = installation.Clock.GetUtcNow() - TimeSpan.FromDays(31);
            return [.. times.Where(time => time >= since).TakeLast(Most)];
        }

        private void Note(Func<RunTally, RunTally> change)
        {
            try
            {
                StateFile.Write(PathOf(installation), change(Read(installation)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                output.Warn($"How this run went could not be noted in '{PathOf(installation)}': {e.Message}");
            }
        }
    }
}
