using StingBackup.Engine.Basics;
using StingBackup.Engine.Tests.Restore;

namespace StingBackup.Engine.Tests.Faults;

/// <summary>What a verb told of failures beside the one that ended it: items, warnings, faults. And what it restored.</summary>
internal sealed class FaultTold
{
    public List<string> Failures { get; } = [];
    public SortedDictionary<string, string>? Restored { get; set; }

    /// <summary>Runs a job to its result and notes what it tells.</summary>
    public async Task<T> RunAsync<T>(IAsyncEnumerable<JobEvent> job)
    {
        object? result = null;
        await foreach (var happened in job)
        {
            switch (happened)
            {
                case ItemFailedEvent failed:
                    Failures.Add($"{failed.Error.ErrorId} {failed.Error.Message}");
                    break;
                case WarningEvent warning:
                    Failures.Add(warning.Message);
                    break;
                case OutputEvent { Value: IntegrityFault fault }:
                    Failures.Add($"{fault.Object}: {fault.Problem}");
                    break;
                case CompletedEvent completed:
                    result = completed.Result;
                    break;
            }
        }
        return Assert.IsType<T>(result);
    }

    /// <summary>Notes what stands where something was restored to.</summary>
    public void NoteRestored(string destination) => Restored = Directory.Exists(destination) ? FolderImage.Files(destination) : [];
}
