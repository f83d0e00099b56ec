using StingBackup.Portal;

return await PortalProgram.RunAsync(args, Console.In, Console.Out, Console.Error).ConfigureAwait(false);
