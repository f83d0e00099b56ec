using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Restore.Scratch;

/// <summary>
/// What of a drill lies elsewhere than in its folder: a server, secrets in Vault. Each is noted in the folder before it is made, so that the next drill can remove it should this process be killed.
/// </summary>
internal sealed class DrillLeft(string folder)
{
    private const string ServerNote = ".server", VaultNote = ".vault";
    private ScratchServer? _server;
    private VaultTrial? _secrets;

    /// <summary>Starts a server.</summary>
    public async Task<ScratchServer> StartServerAsync(ServerPrograms programs, CancellationToken cancel) =>
        _server = await ScratchServer.StartAsync(programs, place => StateFile.Write(Note(folder, ServerNote), new Place(place)), cancel).ConfigureAwait(false);

    /// <summary>Has a server's data restored into a folder and starts it over them. What a kill leaves of either is known from before the first byte.</summary>
    public async Task<(ScratchServer Scratch, T Restored)> RecoverServerAsync<T>(ServerPrograms programs, string place, string user, Func<Task<T>> restore, CancellationToken cancel)
    {
        StateFile.Write(Note(folder, ServerNote), new Place(place));
        StateFile.CreateFolder(place);
        try
        {
            var restored = await restore().ConfigureAwait(false);
            _server = await ScratchServer.StartOverAsync(programs, place, user, cancel).ConfigureAwait(false);
            return (_server, restored);
        }
        finally
        {
            if (_server is null)
            {
                ScratchServer.RemoveLeft(place);
                File.Delete(Note(folder, ServerNote));
            }
        }
    }

    /// <summary>Writes secrets to Vault.</summary>
    public async Task WriteSecretsAsync(VaultTrial trial, DrillTally tally, JobOutput output, CancellationToken cancel)
    {
        StateFile.Write(Note(folder, VaultNote), new Place(Path.GetFileName(folder)));
        _secrets = trial;
        await trial.RunAsync(folder, tally, output, cancel).ConfigureAwait(false);
    }

    /// <summary>Removes all of it, whatever the drill came to. What cannot be removed is told, and stays noted.</summary>
    public async Task RemoveAsync(JobOutput output)
    {
        if (_server is { } server)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            if (!Directory.Exists(server.Folder))
            {
                File.Delete(Note(folder, ServerNote));
            }
        }
        if (_secrets is { } secrets && await TryRemoveAsync(secrets, folder, output).ConfigureAwait(false))
        {
            File.Delete(Note(folder, VaultNote));
        }
    }

    /// <summary>Removes what a dead drill left.</summary>
    public static void Remove(Installation installation, string folder, JobOutput output)
    {
        output.Tell($"Removes what a test of recovery left that was ended: {folder}.");
        if (StateFile.Read<Place>(Note(folder, ServerNote)) is { } server)
        {
            ScratchServer.RemoveLeft(server.At);
            File.Delete(Note(folder, ServerNote));
        }
        if (File.Exists(Note(folder, VaultNote)) && installation.Configuration?.Drills.VaultPrefix is { } prefix
            && Task.Run(() => TryRemoveAsync(new VaultTrial(installation, prefix), folder, output)).GetAwaiter().GetResult())
        {
            File.Delete(Note(folder, VaultNote));
        }
    }

    private static async Task<bool> TryRemoveAsync(VaultTrial secrets, string folder, JobOutput output)
    {
        try
        {
            await secrets.RemoveAsync(folder, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (StingException e)
        {
            output.Warn($"Secrets that a test of recovery wrote to Vault could not be removed: {e.Message} {e.Remedy}");
            return false;
        }
    }

    /// <summary>Beside the folder, where nothing that is restored can stand.</summary>
    private static string Note(string folder, string ending) => folder + ending;

    private sealed record Place(string At);
}
