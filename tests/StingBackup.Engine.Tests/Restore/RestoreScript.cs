using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine.Tests.Restore;

/// <summary>Steps on a directory target, run in a process of their own; each prints a line with its outcome.</summary>
internal static class RestoreScript
{
    /// <summary>Runs <c>folder:PATH</c>, <c>file:PATH</c>, <c>long:PATH</c> and <c>hole:PATH</c> (files that end in a hole), <c>pipe:PATH</c> and <c>flush</c>.</summary>
    public static void Run(string root, IEnumerable<string> steps, TextWriter output)
    {
        using var target = DirectoryRestoreTarget.Open(root);
        foreach (var step in steps)
        {
            try
            {
                output.WriteLine($"{step} {string.Join("; ", Run(target, step.Split(':')).DefaultIfEmpty("done"))}");
            }
            catch (StingException e)
            {
                output.WriteLine($"{step} {e.ErrorId} {e.Message}");
            }
        }
    }

    private static IReadOnlyList<string> Run(IRestoreTarget target, string[] step)
    {
        var metadata = new ItemMetadata { Mode = 0x1a4, UserId = 1, GroupId = 1, ModifiedNs = 1 };
        switch (step)
        {
            case ["folder", var path]:
                target.CreateDirectory(EntryPath.Parse(path));
                return [];
            case [("file" or "long" or "hole") and var kind, var path]:
                using (var file = target.CreateFile(EntryPath.Parse(path), kind switch { "long" => 2 << 20, "hole" => 5000, _ => 1000 }))
                {
                    file.Write(0, new byte[1000]);
                    return file.Place(EntryPath.Parse(path), metadata, replace: false);
                }
            case ["pipe", var path]:
                return target.CreateSpecial(EntryPath.Parse(path), ItemKind.Fifo, metadata, replace: false);
            case ["flush"]:
                target.Flush();
                return [];
            default:
                throw new ArgumentException($"'{string.Join(':', step)}' is not a step.");
        }
    }
}
