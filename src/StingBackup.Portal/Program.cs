using StingBackup.Portal;

return await PortalProgram.RunAsync(args, Console.Out, Console.Error).ConfigureAwait(false);
