using System.Runtime.CompilerServices;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Operations.Checks;

/// <summary>A check that waits for nothing.</summary>
internal abstract class ImmediateCheck : IConfigurationCheck
{
    public abstract string Name { get; }

    public async IAsyncEnumerable<ConfigurationFinding> RunAsync(ProbeContext context, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var finding in Look(context))
        {
            cancel.ThrowIfCancellationRequested();
            yield return finding;
        }
    }

    protected abstract IEnumerable<ConfigurationFinding> Look(ProbeContext context);

    /// <summary>The folder itself, or the nearest one above it that there is.</summary>
    protected static string NearestExisting(IHostView host, string path)
    {
        while (!host.DirectoryExists(path) && Path.GetDirectoryName(path) is { } parent)
        {
            path = parent;
        }
        return path;
    }
}
