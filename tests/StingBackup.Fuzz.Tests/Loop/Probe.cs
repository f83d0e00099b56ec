using System.Diagnostics;

namespace StingBackup.Fuzz.Tests.Loop;

/// <summary>Gives one input to a target and judges what comes of it.</summary>
internal static class Probe
{
    /// <summary>Null when all is well.</summary>
    public static Finding? Try(FuzzTarget target, byte[] input)
    {
        var (finding, allocated) = Measure(target, input);
        var limit = target.Floor + (long)target.PerByte * input.Length;
        if (finding is null && allocated > limit)
        {
            (finding, allocated) = Measure(target, input);   // the first time counts what is made once for all inputs
            if (finding is null && allocated > limit)
            {
                return new Finding("memory", "memory", $"{allocated:n0} bytes were allocated for {input.Length:n0} of input; the limit is {limit:n0}");
            }
        }
        return finding;
    }

    private static (Finding? Finding, long Allocated) Measure(FuzzTarget target, byte[] input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Run(input);
            return (null, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        catch (MisreadException e)
        {
            return (new Finding("misread", $"misread {e.Message}", e.Message), 0);
        }
        catch (Exception e) when (target.Refuses(e))
        {
            return (null, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        catch (Exception e)
        {
            return (new Finding("crash", $"{e.GetType().Name} at {Place(e)}", e.ToString()), 0);
        }
    }

    /// <summary>The first frame of ours.</summary>
    private static string Place(Exception e) => new StackTrace(e).GetFrames()
        .Select(f => f.GetMethod()).Where(m => m?.DeclaringType?.Namespace?.StartsWith("StingBackup", StringComparison.Ordinal) == true)
        .Select(m => $"{m!.DeclaringType!.Name}.{m.Name}").FirstOrDefault() ?? "nowhere of ours";
}
