using System.Management.Automation;
using System.Management.Automation.Runspaces;

// A session of PowerShell from its first instruction to its end, with nothing in it or with the module and its first command:
//   StingBackup.Start bare | module MODULE CONFIG
using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
runspace.Open();
using var shell = PowerShell.Create(runspace);
switch (args)
{
    case ["bare"]:
        shell.AddScript("$null = 1").Invoke();
        break;
    case ["module", var module, var configuration]:
        shell.AddScript("Import-Module $args[0] -ErrorAction Stop; @(Get-StingRestorePoint -ConfigPath $args[1] -ErrorAction Stop).Count").AddArgument(Path.GetFullPath(module)).AddArgument(Path.GetFullPath(configuration));
        if (shell.Invoke<int>() is not [> 0])
        {
            Console.Error.WriteLine("Get-StingRestorePoint told of no restore point.");
            return 1;
        }
        break;
    default:
        Console.Error.WriteLine("StingBackup.Start bare | module MODULE CONFIG");
        return 2;
}
return 0;
