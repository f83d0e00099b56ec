using System.Diagnostics;

namespace StingBackup.Module.Tests.Hosting;

/// <summary>Runs programs as processes.</summary>
internal static class Programs
{
    /// <summary>Runs one to its end, with nobody at its input.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="arguments">Its arguments.</param>
    public static async Task<ProgramResult> RunAsync(string program, string folder, params string[] arguments)
    {
        using var process = Start(program, folder, arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5));
        return new ProgramResult(process.ExitCode, await output, await error);
    }

    /// <summary>Starts one; the caller reads, waits and disposes.</summary>
    public static Process Start(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = folder,
        };
        start.Environment.Remove("STING_BACKUP_CONFIG");
        start.Environment.Remove("STING_BACKUP_PASSPHRASE");
        return Process.Start(start)!;
    }
}

/// <summary>How a program ended.</summary>
/// <param name="Code">Its exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record ProgramResult(int Code, string Output, string Error)
{
    /// <summary>Itself, when it ended with this code.</summary>
    public ProgramResult Ended(int code)
    {
        Assert.True(Code == code, $"ended with {Code}\n{Output}\n{Error}");
        return this;
    }
}
