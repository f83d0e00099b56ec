using System.Globalization;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.CountedWork;

/// <summary>
/// Runs on reserves of two sizes, in a process of its own, so that nothing else allocates or calls the system. Each run is marked by a look at a file that is nowhere, which a
/// trace shows; a line for each tells what it allocated and stored. A small round before them all loads what is loaded once a process.
/// </summary>
internal static class WorkScript
{
    public const string Mark = "/counted-work/";

    /// <summary>Small files, in folders: the first and second differ in files alone, the second and third in folders alone.</summary>
    public static IReadOnlyList<(string Name, int Files, int Folders)> Small { get; } = [("few", 200, 20), ("many", 1200, 20), ("folders", 1200, 320)];

    /// <summary>One long file that does not compress; both are longer than all buffers together.</summary>
    public static IReadOnlyList<(string Name, int Length)> Long { get; } = [("long", 96 << 20), ("longer", 160 << 20)];

    public static async Task RunAsync(TextWriter output)
    {
        await SmallAsync("warm", 60, 6, TextWriter.Null);
        await LongAsync("warm", 9 << 20, TextWriter.Null);
        foreach (var (name, files, folders) in Small)
        {
            await SmallAsync(name, files, folders, output);
        }
        foreach (var (name, length) in Long)
        {
            await LongAsync(name, length, output);
        }
    }

    private static async Task SmallAsync(string name, int files, int folders, TextWriter output)
    {
        using var folder = new TempFolder();
        var store = new CountingStore(DirectoryObjectStore.Open(folder.Path));
        await using var test = new TestInstallation(store) { Threads = 2, Keys = new TestKeys { HasFixedIds = true } };
        for (var i = 0; i < files; i++)
        {
            test.Write(SmallReserve.PathOf(i, folders), SmallReserve.ContentOf(i));
        }
        await CountAsync($"first {name}", store, output, () => test.BackupAsync());
        await CountAsync($"unchanged {name}", store, output, () => test.BackupAsync());
        test.Write(SmallReserve.PathOf(files / 2, folders), SmallReserve.ContentOf(-1));
        await CountAsync($"tick {name}", store, output, () => test.BackupAsync());
        await CountAsync($"restore {name}", store, output, () => RestoreAsync(test));
    }

    private static async Task LongAsync(string name, int length, TextWriter output)
    {
        await using var test = new TestInstallation { Threads = 2, Keys = new TestKeys { HasFixedIds = true } };
        var random = new Random(3);
        var block = new byte[1 << 20];
        test.Write("users/1/files/long.bin", []);
        await using (var file = File.OpenWrite(Path.Combine(test.ReserveRoot, "users/1/files/long.bin")))
        {
            for (var left = length; left > 0; left -= block.Length)
            {
                random.NextBytes(block);
                file.Write(block);
            }
        }
        await CountAsync($"first {name}", null, output, () => test.BackupAsync());
        await CountAsync($"restore {name}", null, output, () => RestoreAsync(test));
        var view = await RepositoryView.LoadAsync(test.Store, test.Keys.Reserve, test.Keys.Writers, default);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"chunks {name} {view.Index.Count}"));
    }

    private static async Task RestoreAsync(TestInstallation test)
    {
        var request = new RestoreRequest { Scope = RestoreScope.Reserve, Destination = Path.Combine(test.Root, "restored") };
        var plan = await RestoreJob.PlanAsync(test.Installation, request, default);
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(test.Installation, plan, default));
    }

    private static async Task CountAsync(string run, CountingStore? store, TextWriter output, Func<Task> work)
    {
        store?.TakeBytes();
        _ = File.Exists($"{Mark}begin {run}");
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await work();
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        _ = File.Exists($"{Mark}end {run}");
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"allocated {run} {allocated}"));
        if (store is not null)
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"stored {run} {store.TakeBytes()}"));
        }
    }
}

/// <summary>Files of 1 to 3 KB of one person, each in its place by its number.</summary>
internal static class SmallReserve
{
    public static string PathOf(int file, int folders) => string.Create(CultureInfo.InvariantCulture, $"users/1/files/folder-{file % folders:d4}/file-{file:d5}.txt");

    public static byte[] ContentOf(int file)
    {
        var random = new Random(file);
        var content = new byte[1024 + random.Next(2048)];
        for (var i = 0; i < content.Length; i++)
        {
            content[i] = (byte)('a' + random.Next(16));
        }
        return content;
    }
}
