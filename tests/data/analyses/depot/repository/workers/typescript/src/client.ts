export class Client {
  constructor(private readonly send: (text: string) => Promise<string>) {}

  async ask(step: string): Promise<string> {
    const answer = await this.send(step);
    if (answer === '') {
      throw new Error(`no answer to ${step}`);
    }
    return answer;
  }
}
