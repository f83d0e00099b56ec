using System.Globalization;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Restore.Scratch;

/// <summary>
/// The folder that a drill restores to: for this account alone, locked while the drill lives, emptied at its end however that comes. What a drill left that was killed goes with the next one.
/// </summary>
internal sealed class DrillPlace : IDisposable
{
    private const string LockEnding = ".lock";
    private readonly FileLock? _lock;
    private readonly string _lockFile;

    private DrillPlace(string folder, string lockFile, FileLock? held) => (Folder, _lockFile, _lock) = (folder, lockFile, held);

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Why the folder could not be removed; null when it was.</summary>
    public string? LeftBehind { get; private set; }

    /// <summary>Below which drills of an installation restore.</summary>
    public static string ParentOf(Installation installation) => installation.Configuration?.Drills.Directory ?? Path.Combine(installation.StateFolder, "drills");

    /// <summary>Where a drill restores to.</summary>
    public static string FolderOf(Installation installation, RecoveryTestType type, long seed) =>
        Path.Combine(ParentOf(installation), string.Create(CultureInfo.InvariantCulture, $"{type.ToString().ToLowerInvariant()}-{seed:x16}"));

    /// <summary>Makes the folder, once what dead drills left is gone.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="abandoned">Told of each folder that a dead drill left, before it is removed.</param>
    /// <exception cref="StingException"><c>DrillRunning</c>, <c>DrillPlaceNotUsable</c></exception>
    public static DrillPlace Create(string folder, Action<string> abandoned)
    {
        var parent = Path.GetDirectoryName(folder)!;
        try
        {
            StateFile.CreateFolder(parent);
            // What has no lock beside it is no drill's: the folder may be one that others use too.
            foreach (var left in Directory.EnumerateDirectories(parent).Where(d => File.Exists(d + LockEnding)).ToList())
            {
                using var free = FileLock.TryAcquire(left + LockEnding, out var held);
                if (!held)
                {
                    abandoned(left);
                    FolderRemoval.Remove(left);
                    File.Delete(left + LockEnding);
                }
            }
            var taken = FileLock.TryAcquire(folder + LockEnding, out var running);
            if (running)
            {
                throw new StingException("DrillRunning", FailureKind.Busy, $"Another test of recovery restores to '{folder}'.", folder, "Wait for it; or test with another -Seed.");
            }
            FolderRemoval.Remove(folder);
            StateFile.CreateFolder(folder);
            return new DrillPlace(folder, folder + LockEnding, taken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("DrillPlaceNotUsable", FailureKind.Io, $"The folder for tests of recovery '{parent}' cannot be used: {e.Message}", parent, "See that the account of the backups may write there, or set drills.directory to another folder.", e);
        }
    }

    /// <summary>Empties and removes the folder. What could not be removed is told, and tried again by the next drill.</summary>
    public void Clear()
    {
        try
        {
            FolderRemoval.Remove(Folder);
            LeftBehind = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LeftBehind = e.Message;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Clear();
        if (LeftBehind is null)
        {
            File.Delete(_lockFile);   // while it is held: whoever comes makes another
        }
        _lock?.Dispose();
    }
}
