// @vitest-environment node
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript'
import { describe, expect, it } from 'vitest'
import { answer, ServiceError } from '@/api/client'

const here = (name: string): URL => new URL(`../${name}`, import.meta.url)

describe('the generated client', () => {
  it('is not older than the description of the service', async () => {
    const fresh = COMMENT_HEADER + astToString(await openapiTS(here('openapi.json')))
    expect(readFileSync(fileURLToPath(here('src/api/schema.d.ts')), 'utf8'), 'run `npm run client`').toBe(fresh)
  })
})

describe('a fault', () => {
  it('says what the service said and what to do', async () => {
    const reply = Promise.resolve({ error: { detail: 'No such grid', remedy: 'Look again' }, response: new Response(null, { status: 404 }) })
    await expect(answer(reply)).rejects.toMatchObject({ status: 404, detail: 'No such grid', remedy: 'Look again', unreachable: false })
  })
  it('is told apart from a service that cannot be reached', async () => {
    await expect(answer(Promise.reject(new TypeError('fetch failed')))).rejects.toMatchObject({ status: 0, unreachable: true })
    await expect(answer(Promise.reject(new TypeError('x')))).rejects.toBeInstanceOf(ServiceError)
  })
})
