using System.Text;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>Writes a plan to disk, several files at a time.</summary>
internal sealed class SampleWriter(string root, CancellationToken cancel)
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    public void Write(SamplePlan plan)
    {
        foreach (var folder in plan.Files.Select(file => file.Path[..file.Path.LastIndexOf('/')]).Concat(plan.EmptyFolders).Distinct().Order(StringComparer.Ordinal))
        {
            MakeFolder(root, folder);
        }
        WriteUsersMap(plan.People);
        // The longest first: none of them is then left over for one thread at the end.
        var files = plan.Files.OrderByDescending(file => file.Length).ToArray();
        Parallel.ForEach(System.Collections.Concurrent.Partitioner.Create(files, loadBalance: true), new ParallelOptions { CancellationToken = cancel }, WriteFile);
    }

    /// <summary>Makes a folder and its parents, for owner and group, whatever the umask.</summary>
    public static void MakeFolder(string root, string folder)
    {
        var path = Path.Join(root, folder);
        if (Directory.Exists(path))
        {
            return;
        }
        if (folder.LastIndexOf('/') is var slash and > 0)
        {
            MakeFolder(root, folder[..slash]);
        }
        Directory.CreateDirectory(path);
        SetMode(path, FolderMode);
    }

    /// <summary>Gives every folder a time of its own: after all is in it, the deepest first, since work in a folder touches its time.</summary>
    public static void StampFolders(string root)
    {
        var folders = Directory.EnumerateDirectories(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint });
        foreach (var folder in folders.OrderByDescending(folder => folder.Length).Append(root))
        {
            Directory.SetLastWriteTimeUtc(folder, FolderTime(Path.GetRelativePath(root, folder)));
        }
    }

    /// <summary>Sets the mode, where the system has modes.</summary>
    public static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    private void WriteFile(SampleFile file)
    {
        var path = Path.Join(root, file.Path);
        // The content comes in large pieces: a buffer between would only copy it once more.
        using (var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 }))
        {
            SampleContent.Write(stream, file.Kind, file.Length, file.ContentSeed);
        }
        SetMode(path, file.Mode);
        File.SetLastWriteTimeUtc(path, file.Modified);
    }

    private void WriteUsersMap(IReadOnlyList<SamplePerson> people)
    {
        var csv = new StringBuilder("id,kratos_id,email,folder\n");
        foreach (var person in people)
        {
            csv.Append(System.Globalization.CultureInfo.InvariantCulture, $"{person.Id},{person.KratosId},{person.Email},{person.FolderName}\n");
        }
        var path = Path.Join(root, "users.csv");
        File.WriteAllText(path, csv.ToString());
        SetMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        File.SetLastWriteTimeUtc(path, SampleClock.Epoch);
    }

    private static DateTime FolderTime(string folder)
    {
        var random = SampleRandom.For(0, folder.Replace(Path.DirectorySeparatorChar, '/'));
        return SampleClock.Epoch.AddTicks(-(long)(random.NextDouble() * TimeSpan.FromDays(60).Ticks));
    }
}
