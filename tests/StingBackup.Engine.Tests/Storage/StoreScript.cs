using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage;

/// <summary>Steps on a directory store, run in a process of their own; each prints a line with its outcome.</summary>
internal static class StoreScript
{
    /// <summary>Runs <c>put:NAME</c>, <c>stage:NAME</c>, <c>barrier</c>, <c>read:NAME</c>, <c>length:NAME</c>, and <c>wait</c> (for a line on standard input).</summary>
    public static async Task RunAsync(string root, IEnumerable<string> steps, TextWriter output)
    {
        await using var store = DirectoryObjectStore.Open(root);
        foreach (var step in steps)
        {
            string outcome;
            try
            {
                outcome = await RunAsync(store, step.Split(':'));
            }
            catch (StingException e)
            {
                outcome = $"{e.ErrorId} {e.Message}";
            }
            await output.WriteLineAsync($"{step} {outcome}");
            await output.FlushAsync();
        }
    }

    private static async Task<string> RunAsync(DirectoryObjectStore store, string[] step)
    {
        switch (step)
        {
            case ["put", var name]:
                return (await store.PutAsync(name, new byte[1000], default)).ToString();
            case ["stage", var name]:
                await store.StageAsync(name, new byte[1000], default);
                return "done";
            case ["barrier"]:
                await store.BarrierAsync(default);
                return "done";
            case ["read", var name]:
                return (await store.ReadAllAsync(name, default)).Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
            case ["length", var name]:
                return (await store.GetLengthAsync(name, default))?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none";
            case ["wait"]:
                await Console.In.ReadLineAsync();
                return "done";
            default:
                throw new ArgumentException($"'{string.Join(':', step)}' is not a step.");
        }
    }
}
