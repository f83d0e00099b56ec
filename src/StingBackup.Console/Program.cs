using System.Runtime.InteropServices;
using StingBackup.Console;
using StingBackup.Console.CommandLine;
using StingBackup.Console.Hosting;
using StingBackup.Console.Rendering;

// The engine of PowerShell reports its use to its makers unless it is told not to. A backup program calls nobody, and starts sooner for it.
Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
// It also opens a pipe by which whoever has the same account could run scripts within this process, keys and all, and tells the system log of it at each start.
Environment.SetEnvironmentVariable("POWERSHELL_DIAGNOSTICS_OPTOUT", "1");
// A link or a copy under the other name is the other program.
var name = Path.GetFileNameWithoutExtension(OperatingSystem.IsLinux() ? CalledAs() : Environment.ProcessPath) == VerbTable.Restore ? VerbTable.Restore : VerbTable.Backup;
using var program = new StingProgram(name, Terminal.OfProcess(), ModuleSession.DefaultPath, Environment.GetEnvironmentVariable) { OwnsProcess = true };
var stops = 0;
void Stop(PosixSignalContext signal)
{
    // The first time the command cleans up; who insists is obeyed.
    signal.Cancel = Interlocked.Increment(ref stops) == 1 && program.Stop();
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return (int)program.Run(args);

// Environment.ProcessPath has followed the link already.
static string CalledAs() => File.ReadAllText("/proc/self/cmdline").Split('\0')[0];
